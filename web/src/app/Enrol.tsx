import { useEffect } from "preact/hooks";
import { Banner, Button } from "../kit";
import { FactorsPanel } from "../screens/profile/Factors";
import "../screens/profile/style.css";
import { begin, signOut } from "../net/session";
import { words as shellWords } from "./words";
import { words } from "./sign-in-words";

/** The page of somebody who must enrol a second factor before anything else. */
export function EnrolPage() {
  const say = words();
  const shell = shellWords();
  useEffect(() => {
    document.title = `${say.enrolTitle} · ${shell.product}`;
  }, [say]);
  return (
    <main class="apart screen-profile enrol">
      <div class="sign-in-card">
        <h1>{say.enrolTitle}</h1>
        <Banner>{say.enrolHint}</Banner>
        <FactorsPanel enrolled={() => void begin()} />
        <Button kind="quiet" onClick={() => void signOut()}>
          {shell.signOut}
        </Button>
      </div>
    </main>
  );
}
