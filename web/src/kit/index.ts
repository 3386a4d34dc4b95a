/** The parts that screens are made of. */
export { Badge, type Tone } from "./Badge";
export { Banner, Trouble, wrongWith } from "./Banner";
export { Button, ButtonLink } from "./Button";
export { Ago, Clock, When } from "./Clock";
export { Dialog } from "./Dialog";
export { Empty, Loading } from "./Empty";
export {
  Checkbox,
  Choices,
  Field,
  Group,
  ManyChoices,
  Select,
  TextArea,
  TextField,
  type FieldProps,
  type Option,
  type Tied,
  type Valued,
} from "./Field";
export { toast } from "./Toast";
export { ago, date, dateTime, fromLocal, span, time, toLocal } from "./time";
export { ConceptField, ReasonField, ReasonWord, searchConcepts, useReasons } from "./catalogue";
export { Combobox } from "./Combobox";
export { DateTimeField } from "./DateTimeField";
export { FileField } from "./FileField";
export { roleName } from "./roles";
export type { StepField, Values } from "./step-fields";
export { type FieldOf, StepForm } from "./StepForm";
export { type Available, Steps, WhoCan } from "./Steps";
export { type Column, Table } from "./Table";
export { type Tab, Tabs } from "./Tabs";
export { type Numbers, Unmask, useNumbers } from "./Unmask";
