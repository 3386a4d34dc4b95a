import { useState } from "preact/hooks";
import { Badge, Banner, Button, date, Dialog, Empty, Loading, StepForm, toast, Trouble } from "../../kit";
import { useRead } from "../../net/hooks";
import { moment } from "../../net/moment";
import { IssueApiToken, RevokeApiToken, Tokens, type TokensData } from "../../operations";
import { words } from "./words";

type Token = NonNullable<TokensData["me"]>["tokens"][number];
type Issued = { readonly name: string; readonly secret: string };

/** The tokens by which systems act in one's name. */
export function TokensPanel() {
  const say = words();
  const { data, problem, reload } = useRead(Tokens, {});
  const [issuing, setIssuing] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const [issued, setIssued] = useState<Issued | null>(null);
  const tokens = data?.me?.tokens ?? [];
  return (
    <section class="panel">
      <h2>{say.tokens}</h2>
      <p class="aside">{say.tokensHint}</p>
      <Trouble problem={problem} retry={() => void reload()} />
      {!data && !problem ? <Loading /> : null}
      {data && !tokens.length ? <Empty title={say.noTokens} /> : null}
      <ul class="lines">
        {tokens.map((token) => (
          <Line key={token.id} token={token} revoke={() => setRevoking(token)} />
        ))}
      </ul>
      {data ? <Button onClick={() => setIssuing(true)}>{say.issue}</Button> : null}
      {issuing ? (
        <Dialog title={say.issue} onClose={() => setIssuing(false)}>
          <StepForm
            operation={IssueApiToken}
            row={null}
            fields={[
              {
                kind: "text",
                name: "name",
                label: say.tokenName,
                hint: say.tokenNameHint,
                required: true,
                maxLength: 100,
              },
              {
                kind: "many",
                name: "scopes",
                label: say.scopes,
                required: true,
                options: ["read", "write"].map((one) => ({ value: one, label: say.scopeNames[one] ?? one })),
              },
              {
                kind: "number",
                name: "expiresInDays",
                label: say.days,
                hint: say.daysHint,
                required: true,
                min: 1,
                max: 366,
              },
            ]}
            initial={{ scopes: ["read"], expiresInDays: "90" }}
            submit={say.issue}
            cancel={() => setIssuing(false)}
            done={({ issueApiToken }) => {
              const token = issueApiToken?.apiToken;
              setIssuing(false);
              if (token?.secret) setIssued({ name: token.name, secret: token.secret });
              void reload();
            }}
          />
        </Dialog>
      ) : null}
      {issued ? <Secret issued={issued} close={() => setIssued(null)} /> : null}
      {revoking ? (
        <Dialog title={say.revokeOf(revoking.name)} onClose={() => setRevoking(null)}>
          <StepForm
            operation={RevokeApiToken}
            row={null}
            fields={[]}
            extra={{ id: revoking.id }}
            submit={say.revoke}
            danger
            cancel={() => setRevoking(null)}
            done={() => {
              setRevoking(null);
              toast(say.wasRevoked);
              void reload();
            }}
          >
            <p>{say.revokeSure(revoking.name)}</p>
          </StepForm>
        </Dialog>
      ) : null}
    </section>
  );
}

function Line({ token, revoke }: { readonly token: Token; readonly revoke: () => void }) {
  const say = words();
  const expired = Date.parse(token.expiresAt) < moment.value;
  const ended = token.revokedAt ? say.revoked : expired ? say.expired : "";
  return (
    <li>
      <div>
        <strong>{token.name}</strong> {ended ? <Badge>{ended}</Badge> : null}
        <p class="aside">
          {token.scopes.map((one) => say.scopeNames[one] ?? one).join("、")} · {say.until(date(token.expiresAt))}
        </p>
      </div>
      {ended ? null : (
        <Button small kind="danger" aria-label={say.revokeOf(token.name)} onClick={revoke}>
          {say.revoke}
        </Button>
      )}
    </li>
  );
}

/** The secret, this once; it goes away only when told to. */
function Secret({ issued, close }: { readonly issued: Issued; readonly close: () => void }) {
  const say = words();
  return (
    <Dialog title={say.issued}>
      <Banner tone="warn">{say.secretOnce}</Banner>
      <p>
        {issued.name}
        <output class="secret" aria-label={say.secret}>
          {issued.secret}
        </output>
      </p>
      <div class="row">
        <Button onClick={() => void navigator.clipboard.writeText(issued.secret).then(() => toast(say.copied))}>
          {say.copy}
        </Button>
        <Button kind="primary" onClick={close}>
          {say.done}
        </Button>
      </div>
    </Dialog>
  );
}
