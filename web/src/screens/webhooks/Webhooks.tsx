import { useState } from "preact/hooks";
import { Badge, Button, dateTime, Dialog, Empty, Loading, StepForm, TextArea, toast, Trouble, When } from "../../kit";
import { useRead } from "../../net/hooks";
import { can } from "../../net/session";
import { CreateWebhook, DeactivateWebhook, type EndpointFragment, ReplayWebhook, RotateWebhook, Webhooks } from "../../operations";
import { Frame } from "../admin/Frame";
import { chosenHospital } from "../admin/places";
import { DeliveryList } from "./DeliveryList";
import { SecretDialog } from "./SecretDialog";
import "./style.css";
import { words } from "./words";

type Step = "rotate" | "replay" | "deactivate";

/** The hospital's systems that are told of every step, their secrets, and what did not arrive. */
export default function WebhooksScreen() {
  const say = words();
  const manages = can("manage_webhooks");
  const { data, problem, busy, reload } = useRead(Webhooks, {}, { skip: !manages });
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const hospital = chosenHospital();
  const endpoints = data?.webhookEndpoints
    .filter((one) => one.hospital.id === hospital?.id)
    .sort((one, other) => Number(Boolean(one.deactivatedAt)) - Number(Boolean(other.deactivatedAt)));

  function made(shown: string | null | undefined): void {
    setAdding(false);
    setSecret(shown ?? null);
    void reload();
  }

  const add = manages && hospital ? <Button kind="primary" onClick={() => setAdding(true)}>{say.add}</Button> : null;
  return (
    <Frame title={say.title} lead={say.lead} action={add} ofHospital>
      <Trouble problem={problem} retry={() => void reload()} />
      {manages && !data && busy ? <Loading /> : null}
      {endpoints && !endpoints.length ? <Empty title={say.none}>{say.noneHint}</Empty> : null}
      <ul class="plain stack">
        {endpoints?.map((one) => (
          <Endpoint key={one.id} row={one} made={made} reload={reload} />
        ))}
      </ul>
      {can("view_deliveries") ? <DeliveryList /> : null}
      {adding && hospital ? (
        <Dialog title={say.add} onClose={() => setAdding(false)}>
          <StepForm
            operation={CreateWebhook}
            row={null}
            extra={{ hospital: hospital.id }}
            submit={say.create}
            cancel={() => setAdding(false)}
            done={(answer) => made(answer.createWebhookEndpoint?.webhookEndpoint?.secret)}
            fields={[
              { kind: "text", name: "name", label: say.name, hint: say.nameHint, required: true, maxLength: 60 },
              { kind: "text", name: "url", label: say.url, hint: say.urlHint, required: true },
              {
                kind: "custom",
                name: "steps",
                label: say.steps,
                hint: say.stepsHint,
                render: ({ value, onChange, error }) => <StepNames value={value} onChange={onChange} error={error} />,
                wire: (value) => String(value ?? "").split(/\s+/).filter(Boolean),
              },
            ]}
          />
        </Dialog>
      ) : null}
      {secret ? <SecretDialog secret={secret} onClose={() => setSecret(null)} /> : null}
    </Frame>
  );
}

interface EndpointProps {
  readonly row: EndpointFragment;
  readonly made: (secret: string | null | undefined) => void;
  readonly reload: () => Promise<void>;
}

function Endpoint({ row, made, reload }: EndpointProps) {
  const say = words();
  const [step, setStep] = useState<Step | null>(null);
  const close = () => setStep(null);

  function done(message: string): void {
    close();
    toast(message);
    void reload();
  }

  return (
    <li class="panel endpoint">
      <div class="row spread">
        <h2>
          {row.name} <Badge tone={row.deactivatedAt ? "plain" : "good"}>{row.deactivatedAt ? say.off : say.on}</Badge>
        </h2>
        {row.deactivatedAt ? null : (
          <div class="row">
            <Button small onClick={() => setStep("replay")}>{say.replay}</Button>
            <Button small onClick={() => setStep("rotate")}>{say.rotate}</Button>
            <Button small kind="danger" onClick={() => setStep("deactivate")}>{say.deactivate}</Button>
          </div>
        )}
      </div>
      <p class="address">{row.url}</p>
      <p class="aside">
        {row.steps.length ? row.steps.join(" · ") : say.every} · {say.since} <When at={row.createdAt} />
        {row.previousUntil ? ` · ${say.overlap(dateTime(row.previousUntil))}` : ""}
      </p>
      {step === "rotate" ? (
        <Dialog title={`${say.rotate} · ${row.name}`} onClose={close}>
          <StepForm
            operation={RotateWebhook}
            row={row}
            initial={{ overlapHours: "24" }}
            fields={[{ kind: "number", name: "overlapHours", label: say.hours, min: 0, max: 168, required: true }]}
            submit={say.rotate}
            cancel={close}
            refresh={reload}
            done={(answer) => {
              close();
              made(answer.rotateWebhookSecret?.webhookEndpoint?.secret);
            }}
          >
            <p>{say.rotateHint}</p>
          </StepForm>
        </Dialog>
      ) : null}
      {step === "replay" ? (
        <Dialog title={`${say.replay} · ${row.name}`} onClose={close}>
          <StepForm
            operation={ReplayWebhook}
            row={null}
            extra={{ id: row.id }}
            fields={[
              { kind: "moment", name: "recordedFrom", label: say.from, required: true },
              { kind: "moment", name: "recordedTo", label: say.to, hint: say.toHint },
            ]}
            submit={say.send}
            cancel={close}
            done={() => done(say.replayed(row.name))}
          >
            <p>{say.replayHint}</p>
          </StepForm>
        </Dialog>
      ) : null}
      {step === "deactivate" ? (
        <Dialog title={`${say.deactivate} · ${row.name}`} onClose={close}>
          <StepForm operation={DeactivateWebhook} row={row} fields={[]} submit={say.deactivate} danger cancel={close} refresh={reload} done={() => done(say.deactivated(row.name))}>
            <p>{say.deactivateHint(row.name)}</p>
          </StepForm>
        </Dialog>
      ) : null}
    </li>
  );
}

function StepNames({ value, onChange, error }: { readonly value: unknown; readonly onChange: (value: unknown) => void; readonly error: string }) {
  const say = words();
  return <TextArea label={say.steps} hint={say.stepsHint} required={false} value={String(value ?? "")} onChange={onChange} error={error} />;
}
