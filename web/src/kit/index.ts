/** The parts that screens are made of. */
export { Badge, type Tone } from "./Badge";
export { Banner, Trouble, wrongWith } from "./Banner";
export { Button, ButtonLink } from "./Button";
export { Ago, Clock, When } from "./Clock";
export { Dialog } from "./Dialog";
export { Empty, Loading } from "./Empty";
export { Checkbox, Choices, Field, Group, ManyChoices, Select, TextArea, TextField, type FieldProps, type Option, type Tied, type Valued } from "./Field";
export { toast } from "./Toast";
export { ago, date, dateTime, fromLocal, span, time, toLocal } from "./time";
