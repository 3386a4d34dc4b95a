/** Forms that register what is on the lab's bench: a specimen, a block, slides; each with its barcode. */
import { Button, DateTimeField, Select, StepForm, TextArea, TextField } from "../../../kit";
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
interface SpecimenTyped {
  readonly barcode: string;
  readonly site: string;
  readonly procedure: string;
  readonly gross: string;
  readonly collectedAt: string;
  readonly receivedAt: string;
  readonly block: BlockTyped;
}

const SLIDE: SlideTyped = { barcode: "", stain: "HE", marker: "", magnification: "40" };
const BLOCK: BlockTyped = { barcode: "", kind: "PARAFFIN", site: "", slides: [SLIDE] };
const SPECIMEN: SpecimenTyped = { barcode: "", site: "", procedure: "", gross: "", collectedAt: "", receivedAt: "", block: BLOCK };

function slidesOnWire(slides: readonly SlideTyped[]) {
  return slides
    .filter((one) => one.barcode.trim())
    .map(({ barcode, stain, marker, magnification }) => ({ barcode: barcode.trim(), stain, magnification: Number(magnification), ...(marker.trim() ? { marker: marker.trim() } : {}) }));
}

function blockOnWire(block: BlockTyped) {
  return { barcode: block.barcode.trim(), kind: block.kind, ...(block.site.trim() ? { site: block.site.trim() } : {}), slides: slidesOnWire(block.slides) };
}

function specimenOnWire({ block, ...rest }: SpecimenTyped) {
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value.trim()));
  return { barcode: "", site: "", receivedAt: "", ...given, blocks: block.barcode.trim() ? [blockOnWire(block)] : [] };
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
    <StepForm
      {...props}
      operation={RegisterSpecimen}
      submit={say.addSpecimen}
      initial={{ specimen: SPECIMEN }}
      late
      fields={[
        {
          kind: "custom",
          name: "specimen",
          label: say.specimens,
          required: true,
          wire: (value) => specimenOnWire(value as SpecimenTyped),
          render: ({ value, onChange, error }) => <SpecimenFields value={value as SpecimenTyped} onChange={onChange} error={error} />,
        },
      ]}
    />
  );
}

/** Another block of a specimen, with its slides. */
export function BlockForm({ specimen, ...props }: Props & { readonly specimen: string }) {
  const say = words();
  return (
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
          render: ({ value, onChange, error }) => <BlockFields value={value as BlockTyped} onChange={onChange} error={error} />,
        },
      ]}
    />
  );
}

/** More slides of a block: levels, other stains. */
export function SlidesForm({ block, ...props }: Props & { readonly block: string }) {
  const say = words();
  return (
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
          render: ({ value, onChange, error }) => <SlideFields value={value as SlideTyped[]} onChange={onChange} error={error} />,
        },
      ]}
    />
  );
}

interface Given<Value> {
  readonly value: Value;
  readonly onChange: (value: Value) => void;
  readonly error: string;
}

function SpecimenFields({ value, onChange, error }: Given<SpecimenTyped>) {
  const say = words();
  const bind = (name: Exclude<keyof SpecimenTyped, "block">, label: string) => ({ label, value: value[name], onChange: (typed: string) => onChange({ ...value, [name]: typed }) });
  return (
    <div class="stack">
      <div class="pair">
        <TextField {...bind("barcode", say.specimenBarcode)} required error={error} autoComplete="off" />
        <TextField {...bind("site", say.site)} required />
        <TextField {...bind("procedure", say.procedure)} required={false} />
        <DateTimeField {...bind("receivedAt", say.receivedAt)} required withNow />
        <DateTimeField {...bind("collectedAt", say.collectedAt)} required={false} />
      </div>
      <TextArea {...bind("gross", say.gross)} required={false} rows={2} />
      <BlockFields value={value.block} onChange={(block) => onChange({ ...value, block })} error="" />
    </div>
  );
}

function BlockFields({ value, onChange, error }: Given<BlockTyped>) {
  const say = words();
  const common = shared();
  const kinds = (["PARAFFIN", "FROZEN", "CELL_BLOCK", "SMEAR"] as const).map((kind) => ({ value: kind, label: common.block[kind] }));
  return (
    <div class="stack">
      <div class="pair">
        <TextField label={say.blockBarcode} required error={error} autoComplete="off" value={value.barcode} onChange={(barcode) => onChange({ ...value, barcode })} />
        <Select label={say.blockKind} required empty={null} value={value.kind} onChange={(kind) => onChange({ ...value, kind })} options={kinds} />
        <TextField label={say.blockSite} required={false} value={value.site} onChange={(site) => onChange({ ...value, site })} />
      </div>
      <SlideFields value={value.slides} onChange={(slides) => onChange({ ...value, slides })} error="" />
    </div>
  );
}

function SlideFields({ value, onChange, error }: Given<readonly SlideTyped[]>) {
  const say = words();
  const stains = options(useCatalogue("STAIN"));
  const set = (index: number, change: Partial<SlideTyped>) => onChange(value.map((one, at) => (at === index ? { ...one, ...change } : one)));
  return (
    <>
      {value.map((slide, index) => (
        <fieldset class="plain-group slide-fields" key={index}>
          <legend>{say.slide(index + 1)}</legend>
          <TextField label={say.slideBarcode} required error={index === 0 ? error : ""} autoComplete="off" value={slide.barcode} onChange={(barcode) => set(index, { barcode })} />
          <Select label={say.stain} required empty={null} value={slide.stain} onChange={(stain) => set(index, { stain })} options={stains} />
          {["HE", "PAP", "GIEMSA"].includes(slide.stain) ? null : (
            <TextField label={say.marker} required={false} hint={say.markerHint} value={slide.marker} onChange={(marker) => set(index, { marker })} />
          )}
          <TextField label={say.magnification} required type="number" unit="×" min={1} max={100} value={slide.magnification} onChange={(magnification) => set(index, { magnification })} />
          {value.length > 1 ? (
            <Button small kind="quiet" aria-label={say.lessSlides(slide.barcode || String(index + 1))} onClick={() => onChange(value.filter((_, at) => at !== index))}>
              <span aria-hidden="true">✕</span>
            </Button>
          ) : null}
        </fieldset>
      ))}
      <div>
        <Button small onClick={() => onChange([...value, { ...SLIDE, stain: value.at(-1)?.stain ?? "HE" }])}>{say.moreSlides}</Button>
      </div>
    </>
  );
}
