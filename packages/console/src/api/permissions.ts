// Owns what the page asks the controller about permissions: one question per action (SelfSubjectAccessReview), remembered.
import { useQueries } from '@tanstack/react-query';
import i18next from 'i18next';
import type { Attributes, PathAttributes } from '../can.ts';
import { client } from './client.ts';

const rememberMs = 30_000;

export interface Answer {
  readonly allowed: boolean;
  /** In the controller's words, where it has any; '' while it has not answered. */
  readonly reason: string;
}

type Question = Attributes | PathAttributes;

interface Review {
  readonly status: { readonly allowed: boolean; readonly reason?: string };
}

/** What the roles lack: the controller itself has no words for that no rule allows something. */
const lacking = (question: Question): string => {
  if ('path' in question) return i18next.t('ui.lacksRight', { verb: question.verb, what: question.path });
  const { verb, group, resource, subresource, namespace } = question;
  const kind = [resource, ...(subresource === undefined ? [] : [subresource])].join('/');
  const what = group === '' ? kind : `${kind} (${group})`;
  return namespace === undefined
    ? i18next.t('ui.lacksRight', { verb, what })
    : i18next.t('ui.lacksRightIn', { verb, what, namespace });
};

const ask = async (question: Question, signal: AbortSignal): Promise<Answer> => {
  const review = await client.transport.json<Review>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: 'path' in question ? { nonResourceAttributes: question } : { resourceAttributes: question },
    },
    signal,
  });
  const { allowed, reason } = review.status;
  return { allowed, reason: reason ?? (allowed ? '' : lacking(question)) };
};

/** Answers in the order of the questions. */
export const useCanAll = (questions: readonly Question[]): readonly Answer[] =>
  useQueries({
    queries: questions.map((question) => ({
      queryKey: ['can', question],
      queryFn: ({ signal }: { signal: AbortSignal }) => ask(question, signal),
      staleTime: rememberMs,
    })),
  }).map(({ data }) => data ?? { allowed: false, reason: '' });

export const useCan = (question: Question): Answer =>
  useCanAll([question])[0] ?? { allowed: false, reason: '' };

/** What the controller would say to somebody else (SubjectAccessReview); its reason is '' where it has no words. */
export const askAbout = async (
  who: { readonly user?: string; readonly groups: readonly string[] },
  question: Question,
  signal: AbortSignal,
): Promise<Answer> => {
  const attributes =
    'path' in question ? { nonResourceAttributes: question } : { resourceAttributes: question };
  const review = await client.transport.json<Review>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { ...who, ...attributes },
    },
    signal,
  });
  return { allowed: review.status.allowed, reason: review.status.reason ?? '' };
};
