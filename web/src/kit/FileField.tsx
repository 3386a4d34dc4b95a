import { useRef, useState } from "preact/hooks";
import { Field, type FieldProps } from "./Field";
import { words } from "./words";

interface Props extends FieldProps {
  /** Media types or endings, such as image/*,.pdf. */
  readonly accept: string;
  readonly multiple?: boolean | undefined;
  /** Offers the camera of a phone. */
  readonly camera?: boolean | undefined;
  /** The largest file in bytes; larger ones are refused with a sentence. */
  readonly most?: number | undefined;
  readonly onFiles: (files: readonly File[]) => void;
}

/** Files, by a button, by the camera or dropped; keeps none itself. */
export function FileField({ accept, multiple, camera, most = Infinity, onFiles, error, ...frame }: Props) {
  const say = words();
  const picture = useRef<HTMLInputElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [refused, setRefused] = useState("");

  function take(list: FileList | null | undefined): void {
    const all = [...(list ?? [])].slice(0, multiple ? undefined : 1);
    const large = all.find((one) => one.size > most);
    setRefused(large ? say.tooLarge(large.name, `${Math.floor(most / 1024 / 1024)} MB`) : "");
    const fit = all.filter((one) => one.size <= most);
    if (fit.length) onFiles(fit);
  }

  function onChange(event: { currentTarget: HTMLInputElement }): void {
    take(event.currentTarget.files);
    event.currentTarget.value = ""; // so that the same file can be chosen again
  }

  return (
    <Field {...frame} error={error || refused}>
      {(tied) => (
        <div
          class={over ? "files over" : "files"}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            setOver(false);
            take(event.dataTransfer?.files);
          }}
        >
          <input
            {...tied}
            ref={file}
            class="unseen"
            type="file"
            accept={accept}
            multiple={multiple}
            tabIndex={-1}
            onChange={onChange}
          />
          <button type="button" class="button" onClick={() => file.current?.click()}>
            {say.chooseFile}
          </button>
          {camera ? (
            <>
              <input
                ref={picture}
                class="unseen"
                type="file"
                accept="image/*"
                capture="environment"
                tabIndex={-1}
                aria-hidden="true"
                onChange={onChange}
              />
              <button type="button" class="button" onClick={() => picture.current?.click()}>
                {say.takePicture}
              </button>
            </>
          ) : null}
          <span class="aside">{say.dropHere}</span>
        </div>
      )}
    </Field>
  );
}
