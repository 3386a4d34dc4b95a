/** What limits are called by their kind, where the rules themselves are named one for each priority. */

interface Rule {
  readonly kind: string;
  readonly label: string;
}

/** The name of each kind: what the names of its rules have in common, such as 分诊时限 of 分诊时限（常规） and its like. */
export function kindNames(rules: readonly Rule[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { kind, label } of rules) names.set(kind, shared(names.get(kind) ?? label, label));
  return names;
}

function shared(one: string, other: string): string {
  if (one === other) return one;
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return one.slice(0, length).replace(/[\s（(,，:：]+$/, "") || one;
}
