// Owns the syntax of names, label keys and values: RFC 1123 as Kubernetes reads it.
// I1: every pattern is linear, or bound to 253 characters: no nested repetition over the same characters.

const label = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const qualified = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** RFC 1123 label: at most 63 of a-z, 0-9 and -, not - at the ends. */
export const isDnsLabel = (text: string): boolean => label.test(text);

/** RFC 1123 subdomain: labels joined by dots, at most 253 characters. */
export const isDnsSubdomain = (text: string): boolean => text.length <= 253 && subdomain.test(text);

/** [prefix/]name: prefix a subdomain, name at most 63 of letters, digits, -, _ and ., not those at the ends. */
export const isLabelKey = (text: string): boolean => {
  const slash = text.indexOf('/');
  if (slash < 0) return qualified.test(text);
  return isDnsSubdomain(text.slice(0, slash)) && qualified.test(text.slice(slash + 1));
};

export const isLabelValue = (text: string): boolean => text === '' || qualified.test(text);

/** What may stand between two slashes of a path (apimachinery ValidatePathSegmentName), at most 253 characters. */
export const isPathSegment = (text: string): boolean =>
  text !== '' && text !== '.' && text !== '..' && text.length <= 253 && !/[/%]/.test(text);
