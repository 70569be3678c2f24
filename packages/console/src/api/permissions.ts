// Owns what the page asks the controller about permissions: one question per action (SelfSubjectAccessReview), remembered.
import { useQueries } from '@tanstack/react-query';
import type { Attributes, PathAttributes } from '../can.ts';
import { client } from './client.ts';

const rememberMs = 30_000;

export interface Answer {
  readonly allowed: boolean;
  /** In the controller's words; '' while it has not answered. */
  readonly reason: string;
}

type Question = Attributes | PathAttributes;

interface Review {
  readonly status: { readonly allowed: boolean; readonly reason?: string };
}

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
  return { allowed: review.status.allowed, reason: review.status.reason ?? '' };
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
