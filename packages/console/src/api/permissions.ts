// Owns what the page asks the controller about permissions: one question per action (SelfSubjectAccessReview), remembered.
import { useQueries } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import type { Attributes } from '../can.ts';
import { client } from './client.ts';

const rememberMs = 30_000;

export interface Answer {
  readonly allowed: boolean;
  /** Why not, in the controller's words where it has some; '' while it has not answered. */
  readonly reason: string;
}

interface Review {
  readonly status: { readonly allowed: boolean; readonly reason?: string };
}

const ask = async (attributes: Attributes, signal: AbortSignal): Promise<Answer> => {
  const review = await client.transport.json<Review>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: attributes },
    },
    signal,
  });
  return { allowed: review.status.allowed, reason: review.status.reason ?? '' };
};

const resourceOf = ({ group, resource, subresource }: Attributes): string =>
  `${group === '' ? resource : `${resource}.${group}`}${subresource === undefined ? '' : `/${subresource}`}`;

/** Roles only allow: the controller has no words for what none of them does. */
const useWords = () => {
  const { t } = useTranslation();
  return (attributes: Attributes, { allowed, reason }: Answer): Answer => ({
    allowed,
    reason:
      allowed || reason !== ''
        ? reason
        : t('ui.noRole', { verb: attributes.verb, resource: resourceOf(attributes) }),
  });
};

/** Answers in the order of the questions. */
export const useCanAll = (questions: readonly Attributes[]): readonly Answer[] => {
  const withWords = useWords();
  return useQueries({
    queries: questions.map((attributes) => ({
      queryKey: ['can', attributes],
      queryFn: ({ signal }: { signal: AbortSignal }) => ask(attributes, signal),
      staleTime: rememberMs,
    })),
  }).map(({ data }, index) => {
    const attributes = questions[index];
    return data === undefined || attributes === undefined
      ? { allowed: false, reason: '' }
      : withWords(attributes, data);
  });
};

export const useCan = (attributes: Attributes): Answer =>
  useCanAll([attributes])[0] ?? { allowed: false, reason: '' };
