// Owns how a start says which controllers there are, for agents to go to.
import { isIPv6 } from 'node:net';
import { ApiError } from '@drover/api';

export const controllerUsage = `  --controller HOST:PORT
                      where agents reach a controller of this fleet (its agent port), this one included; repeated for each
                      (default: agents know the one that they joined). Certificates must hold each host: see --address`;

export const controllerFlags = {
  controller: { type: 'string', multiple: true, default: [] as string[] },
} as const;

const isAddress = (text: string): boolean => {
  const [, v6, name, port = ''] = /^(?:\[([^\]]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  if (Number(port) < 1 || Number(port) > 65_535) return false;
  return v6 === undefined ? name !== undefined : isIPv6(v6);
};

/** @throws ApiError BadRequest naming the option. */
export const takeControllers = ({
  controller,
}: {
  readonly controller: readonly string[];
}): readonly string[] => {
  const wrong = controller.find((text) => !isAddress(text));
  if (wrong === undefined) return [...new Set(controller)];
  const example = 'c1.example.com:7444, 192.0.2.7:7444 or [2001:db8::7]:7444';
  throw new ApiError('BadRequest', `cannot start: --controller must be like ${example}, not "${wrong}"`);
};
