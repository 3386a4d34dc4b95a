import { useState } from "preact/hooks";
import { Button, Dialog } from "../../kit";
import { words } from "./words";

/** A secret, this once: it stays until the reader says that they have kept it, and cannot be closed by accident. */
export function SecretDialog({ secret, onClose }: { readonly secret: string; readonly onClose: () => void }) {
  const say = words();
  const [copied, setCopied] = useState(false);
  return (
    <Dialog title={say.secretTitle}>
      <p>{say.secretHint}</p>
      <p>
        <span class="aside">{say.secret}</span>
        <code class="secret">{secret}</code>
      </p>
      <div class="row">
        <Button onClick={() => void navigator.clipboard?.writeText(secret).then(() => setCopied(true))}>{copied ? `✓ ${say.copied}` : say.copy}</Button>
        <Button kind="primary" onClick={onClose}>
          {say.saved}
        </Button>
      </div>
    </Dialog>
  );
}
