/**
 * Where a subject signs in from: networks from which its password was right before. There it has a bucket of its own,
 * so that the failures of strangers elsewhere do not keep it out (L-05). In memory only: after a restart everybody is a
 * stranger until the first good sign-in. Only who knows a password can add to it.
 */
import type { SubjectId } from "../core/ids.ts";

export interface UsualNetworks {
  readonly includes: (subject: SubjectId, network: string) => boolean;
  readonly add: (subject: SubjectId, network: string) => void;
}

export interface UsualLimits {
  readonly subjects: number;
  readonly networksOfOne: number;
}

const usualLimits: UsualLimits = { subjects: 32_768, networksOfOne: 16 };

/** Forgets the subjects and networks that were not used for longest. */
export function usualNetworks({ subjects, networksOfOne }: UsualLimits = usualLimits): UsualNetworks {
  const known = new Map<SubjectId, readonly string[]>();
  return {
    includes: (subject, network) => known.get(subject)?.includes(network) === true,
    add: (subject, network) => {
      const others = (known.get(subject) ?? []).filter((one) => one !== network);
      known.delete(subject);
      if (known.size >= subjects) known.delete(known.keys().next().value!);
      known.set(subject, [...others, network].slice(-networksOfOne));
    },
  };
}
