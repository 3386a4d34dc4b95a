/** Forms that register what is on the lab's bench: a specimen, a block, slides; each with its barcode. */
import { Button, Select, StepForm, TextField } from "../../../kit";
import { RegisterBlock, RegisterSlides, RegisterSpecimen } from "../../../operations";
import { options, useCatalogue } from "../facts";
import { words as shared } from "../words";
import { words } from "./words";

interface SlideTyped {
  readonly barcode: string;
  readonly stain: string;
  readonly marker: string;
  readonly magnification: string;
}
interface BlockTyped {
  readonly barcode: string;
  readonly kind: string;
  readonly site: string;
  readonly slides: readonly SlideTyped[];
}
const SLIDE: SlideTyped = { barcode: "", stain: "HE", marker: "", magnification: "40" };
const BLOCK: BlockTyped = { barcode: "", kind: "PARAFFIN", site: "", slides: [SLIDE] };

function slidesOnWire(slides: readonly SlideTyped[]) {
  return slides
    .filter((one) => one.barcode.trim())
    .map(({ barcode, stain, marker, magnification }) => ({
      barcode: barcode.trim(),
      stain,
      magnification: Number(magnification),
      ...(marker.trim() ? { marker: marker.trim() } : {}),
    }));
}

function blockOnWire(block: BlockTyped) {
  return {
    barcode: block.barcode.trim(),
    kind: block.kind,
    ...(block.site.trim() ? { site: block.site.trim() } : {}),
    slides: slidesOnWire(block.slides),
  };
}

/** Enter goes on to the next control: scanners of barcodes end with it, and the form is not yet whole. */
function onward(event: KeyboardEvent): void {
  const { target } = event;
  if (event.key !== "Enter" || event.isComposing || !(target instanceof HTMLInputElement)) return;
  event.preventDefault();
  const all = [...(target.form?.querySelectorAll<HTMLElement>("input, select, textarea, button[type=submit]") ?? [])];
  all[all.indexOf(target) + 1]?.focus();
}

interface Props {
  readonly row: { readonly id: string; readonly version: number };
  readonly refresh: () => Promise<void>;
  readonly cancel: () => void;
  readonly done: () => void;
}

/** A specimen; its first block with slides in the same go. */
export function SpecimenForm(props: Props) {
  const say = words();
  return (
    <div onKeyDown={onward}>
      <StepForm
        {...props}
        operation={RegisterSpecimen}
        submit={say.addSpecimen}
        initial={{ "specimen.blocks": BLOCK }}
        late
        fields={[
          { kind: "text", name: "specimen.barcode", label: say.specimenBarcode, required: true },
          { kind: "text", name: "specimen.site", label: say.site, required: true },
          { kind: "moment", name: "specimen.receivedAt", label: say.receivedAt, required: true, withNow: true },
          { kind: "moment", name: "specimen.collectedAt", label: say.collectedAt },
          { kind: "text", name: "specimen.procedure", label: say.procedure },
          { kind: "area", name: "specimen.gross", label: say.gross, rows: 2 },
          {
            kind: "custom",
            name: "specimen.blocks",
            label: say.addBlock,
            wire: (value) => ((value as BlockTyped).barcode.trim() ? [blockOnWire(value as BlockTyped)] : []),
            render: ({ value, onChange, error }) => (
              <BlockFields value={value as BlockTyped} onChange={onChange} error={error} />
            ),
          },
        ]}
      />
    </div>
  );
}

/** Another block of a specimen, with its slides. */
export function BlockForm({ specimen, ...props }: Props & { readonly specimen: string }) {
  const say = words();
  return (
    <div onKeyDown={onward}>
      <StepForm
        {...props}
        operation={RegisterBlock}
        extra={{ specimen }}
        submit={say.addBlock}
        initial={{ block: BLOCK }}
        fields={[
          {
            kind: "custom",
            name: "block",
            label: say.addBlock,
            required: true,
            wire: (value) => blockOnWire(value as BlockTyped),
            render: ({ value, onChange, error }) => (
              <BlockFields value={value as BlockTyped} onChange={onChange} error={error} />
            ),
          },
        ]}
      />
    </div>
  );
}

/** More slides of a block: levels, other stains. */
export function SlidesForm({ block, ...props }: Props & { readonly block: string }) {
  const say = words();
  return (
    <div onKeyDown={onward}>
      <StepForm
        {...props}
        operation={RegisterSlides}
        extra={{ block }}
        submit={say.addSlides}
        initial={{ slides: [SLIDE] }}
        fields={[
          {
            kind: "custom",
            name: "slides",
            label: say.addSlides,
            required: true,
            wire: (value) => slidesOnWire(value as SlideTyped[]),
            render: ({ value, onChange, error }) => (
              <SlideFields value={value as SlideTyped[]} onChange={onChange} error={error} />
            ),
          },
        ]}
      />
    </div>
  );
}

interface Given<Value> {
  readonly value: Value;
  readonly onChange: (value: Value) => void;
  readonly error: string;
}

function BlockFields({ value, onChange, error }: Given<BlockTyped>) {
  const say = words();
  const common = shared();
  const kinds = (["PARAFFIN", "FROZEN", "CELL_BLOCK", "SMEAR"] as const).map((kind) => ({
    value: kind,
    label: common.block[kind],
  }));
  return (
    <div class="stack">
      <div class="pair">
        <TextField
          label={say.blockBarcode}
          required
          error={error}
          autoComplete="off"
          value={value.barcode}
          onChange={(barcode) => onChange({ ...value, barcode })}
        />
        <Select
          label={say.blockKind}
          required
          empty={null}
          value={value.kind}
          onChange={(kind) => onChange({ ...value, kind })}
          options={kinds}
        />
        <TextField
          label={say.blockSite}
          required={false}
          value={value.site}
          onChange={(site) => onChange({ ...value, site })}
        />
      </div>
      <SlideFields value={value.slides} onChange={(slides) => onChange({ ...value, slides })} error="" />
    </div>
  );
}

function SlideFields({ value, onChange, error }: Given<readonly SlideTyped[]>) {
  const say = words();
  const stains = options(useCatalogue("STAIN"));
  const set = (index: number, change: Partial<SlideTyped>) =>
    onChange(value.map((one, at) => (at === index ? { ...one, ...change } : one)));
  return (
    <>
      {value.map((slide, index) => (
        <fieldset class="plain-group slide-fields" key={index}>
          <legend>{say.slide(index + 1)}</legend>
          <TextField
            label={say.slideBarcode}
            required
            error={index === 0 ? error : ""}
            autoComplete="off"
            value={slide.barcode}
            onChange={(barcode) => set(index, { barcode })}
          />
          <Select
            label={say.stain}
            required
            empty={null}
            value={slide.stain}
            onChange={(stain) => set(index, { stain })}
            options={stains}
          />
          {["HE", "PAP", "GIEMSA"].includes(slide.stain) ? null : (
            <TextField
              label={say.marker}
              required={false}
              hint={say.markerHint}
              value={slide.marker}
              onChange={(marker) => set(index, { marker })}
            />
          )}
          <TextField
            label={say.magnification}
            required
            type="number"
            unit="×"
            min={1}
            max={100}
            value={slide.magnification}
            onChange={(magnification) => set(index, { magnification })}
          />
          {value.length > 1 ? (
            <Button
              small
              kind="quiet"
              aria-label={say.lessSlides(slide.barcode || String(index + 1))}
              onClick={() => onChange(value.filter((_, at) => at !== index))}
            >
              <span aria-hidden="true">✕</span>
            </Button>
          ) : null}
        </fieldset>
      ))}
      <div>
        <Button small onClick={() => onChange([...value, { ...SLIDE, stain: value.at(-1)?.stain ?? "HE" }])}>
          {say.moreSlides}
        </Button>
      </div>
    </>
  );
}
