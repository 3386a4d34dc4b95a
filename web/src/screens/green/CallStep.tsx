import { Combobox, type Option, StepForm, TextField } from "../../kit";
import { GreenChoose, GreenIdentify, GreenPhoneAnswer, GreenStandDown, GreenWiden } from "../../operations";
import { findPlaces, type StepProps } from "./find";
import { road } from "./Targets";
import { WayStep } from "./WayStep";
import { words } from "./words";

/** The form of one step of a call. */
export function CallStep(props: StepProps) {
  const { call, doing, changed, refresh, cancel } = props;
  const say = words();
  const common = { row: call, refresh, cancel };
  const offer = doing.offer && (call.offers.find((one) => one.id === doing.offer?.id) ?? doing.offer);
  switch (doing.action) {
    case "chooseOffer":
      return (
        <StepForm
          {...common}
          operation={GreenChoose}
          fields={[]}
          extra={{ offer: offer?.id ?? "" }}
          submit={say.chooseNow}
          done={(data) => changed(data.chooseOffer?.referral, say.chosenSaid)}
        >
          <p>
            <strong>{offer?.performerHospital?.name}</strong> {offer?.performerDepartment?.name}
            {offer?.travelMinutes == null ? "" : ` · ${road(offer.travelMinutes, offer.travelSource)}`}
          </p>
          <p class="aside">{say.chooseHint}</p>
        </StepForm>
      );
    case "recordPhoneAnswer":
      return (
        <StepForm
          operation={GreenPhoneAnswer}
          row={offer ?? null}
          refresh={refresh}
          cancel={cancel}
          fields={[
            {
              kind: "choices",
              name: "answer",
              label: say.phoneSaid,
              required: true,
              options: [
                { value: "CAN_TAKE", label: say.canTake },
                { value: "CANNOT_TAKE", label: say.cannotTake },
              ],
            },
            { kind: "text", name: "spokenWith", label: say.spokenWith, required: true, maxLength: 60 },
            {
              kind: "reason",
              name: "reason",
              catalogue: "GREEN_DECLINE",
              comment: "comment",
              label: say.whyNot,
              required: true,
              when: (values) => values["answer"] === "CANNOT_TAKE",
            },
          ]}
          submit={say.record}
          done={() => changed(null, say.phoneKept)}
        >
          <p>
            <strong>{offer?.performerHospital?.name}</strong> {offer?.performerDepartment?.name}
          </p>
          <p class="aside">{say.phoneHint}</p>
        </StepForm>
      );
    case "widenBroadcast":
      return (
        <StepForm
          {...common}
          operation={GreenWiden}
          fields={[
            {
              kind: "custom",
              name: "targets",
              label: say.named,
              wire: (value) => [(value as Option).value],
              render: ({ value, onChange, error }) => (
                <Combobox
                  label={say.named}
                  hint={say.namedHint}
                  required={false}
                  least={0}
                  value={(value ?? null) as Option | null}
                  onChange={onChange}
                  error={error}
                  search={(text, signal) => findPlaces(text, signal, call)}
                />
              ),
            },
          ]}
          submit={say.widenNow}
          done={(data) => changed(data.widenBroadcast?.referral, say.widened)}
        >
          <p>{say.widenHint}</p>
        </StepForm>
      );
    case "standDown":
      return (
        <StepForm
          {...common}
          operation={GreenStandDown}
          fields={[
            {
              kind: "reason",
              name: "reason",
              catalogue: "GREEN_STAND_DOWN",
              comment: "comment",
              label: say.why,
              required: true,
            },
          ]}
          submit={say.standDownNow}
          danger
          done={(data) => changed(data.standDown?.referral, say.stoodDown)}
        >
          <p>{say.standDownHint}</p>
        </StepForm>
      );
    case "identifyPatient":
      return (
        <StepForm
          {...common}
          operation={GreenIdentify}
          fields={[
            {
              kind: "custom",
              name: "patient",
              label: say.patient,
              required: true,
              render: ({ value, onChange, error }) => <Identity value={value} onChange={onChange} error={error} />,
            },
          ]}
          submit={say.identifyNow}
          done={(data) => changed(data.identifyPatient?.referral, say.identified)}
        />
      );
    default:
      return <WayStep {...props} />;
  }
}

interface Person {
  readonly idNumber?: string;
  readonly name?: string;
  readonly guardianName?: string;
  readonly guardianRelation?: string;
}

function Identity({
  value,
  onChange,
  error,
}: {
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
  readonly error: string;
}) {
  const say = words();
  const person = (value ?? {}) as Person;
  const put = (change: Person) =>
    onChange(Object.fromEntries(Object.entries({ ...person, ...change }).filter(([, one]) => one)));
  return (
    <>
      <TextField
        label={say.idNumber}
        required
        maxLength={18}
        autoComplete="off"
        value={person.idNumber ?? ""}
        onChange={(idNumber) => put({ idNumber: idNumber.trim().toUpperCase() })}
        error={error}
      />
      <TextField
        label={say.name}
        required
        autoComplete="off"
        value={person.name ?? ""}
        onChange={(name) => put({ name })}
      />
      <TextField
        label={say.guardian}
        required={false}
        autoComplete="off"
        value={person.guardianName ?? ""}
        onChange={(guardianName) => put({ guardianName })}
      />
      <TextField
        label={say.guardianRelation}
        required={false}
        value={person.guardianRelation ?? ""}
        onChange={(guardianRelation) => put({ guardianRelation })}
      />
    </>
  );
}
