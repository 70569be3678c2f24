// Owns the words of a refusal: as Kubernetes says them, since kubectl prints them and people search for them.
import { ApiError } from '@drover/api';
import { type Identity, identityName } from './identity.ts';
import { type Attributes, splitKey } from './permissions.ts';

const scopeOf = ({ namespace = '' }: Attributes): string =>
  namespace === '' ? ' at the cluster scope' : ` in the namespace "${namespace}"`;

const withReason = (text: string, reason: string): string => (reason === '' ? text : `${text}: ${reason}`);

/** `nodes "n1" is forbidden: User "alice" cannot get resource "nodes" in API group "" at the cluster scope` */
export const forbidden = (identity: Identity, attributes: Attributes, reason: string): ApiError => {
  const { verb, resource, subresource = '', name = '', url } = attributes;
  const user = identityName(identity);
  if (url !== undefined) {
    const text = `forbidden: User "${user}" cannot ${url.verb} path "${url.path}"`;
    return new ApiError('Forbidden', withReason(text, reason), {});
  }
  const { plural, group } = splitKey(resource);
  const full = subresource === '' ? plural : `${plural}/${subresource}`;
  const what = `User "${user}" cannot ${verb} resource "${full}" in API group "${group}"${scopeOf(attributes)}`;
  const subject = name === '' ? resource : `${resource} "${name}"`;
  return new ApiError('Forbidden', withReason(`${subject} is forbidden: ${what}`, reason), {
    name,
    group,
    kind: plural,
  });
};
