import { useEffect } from "preact/hooks";
import { Select } from "../../kit";
import { useRead } from "../../net/hooks";
import { me } from "../../net/session";
import { OwnDepartments, type Role } from "../../operations";
import { words } from "./words";

interface Props {
  /** The roles of which any lets its holder send from there. */
  readonly roles: readonly Role[];
  readonly value: string;
  readonly onChange: (department: string) => void;
  readonly error?: string;
}

/** Where the patient is now: one's own department, chosen only where there are several. */
export function Origin({ roles, value, onChange, error }: Props) {
  const say = words();
  const held = (me.value?.roles ?? []).filter((one) => roles.includes(one.role) && one.hospital);
  const whole = held.find((one) => !one.department);
  const { data } = useRead(OwnDepartments, { hospital: whole?.hospital?.id ?? "" }, { skip: !whole });
  const single = held.flatMap((one) =>
    one.department ? [{ value: one.department.id, label: `${one.hospital?.name} ${one.department.name}` }] : [],
  );
  const all = (data?.departments.nodes ?? []).map((one) => ({
    value: one.id,
    label: `${whole?.hospital?.name} ${one.name}`,
  }));
  const options = [...single, ...all.filter((one) => !single.some((other) => other.value === one.value))];
  const first = options[0]?.value ?? "";
  useEffect(() => {
    if (!value && first && (!whole || single.length || options.length === 1)) onChange(first);
  }, [value, first, whole?.id]);
  const chosen = options.find((one) => one.value === value);
  if (options.length === 1 && chosen) {
    return (
      <p class="origin">
        <span class="aside">{say.from}</span> {chosen.label}
      </p>
    );
  }
  return <Select label={say.from} required value={value} onChange={onChange} options={options} error={error} />;
}
