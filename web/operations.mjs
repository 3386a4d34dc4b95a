// Reads every .graphql file under src/, holds it against the server's schema, and writes two things: src/operations.ts
// (one typed constant for each operation) and .documents.json (hash → text, which the server runs in its name).
// Run by build.py; by hand: node operations.mjs. Exit 1 with a line for each mistake.
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import {
  buildSchema,
  GraphQLNonNull,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  parse,
  print,
  Source,
  specifiedRules,
  NoUnusedFragmentsRule,
  typeFromAST,
  validate,
  visit,
} from "graphql";

const HERE = new URL(".", import.meta.url);
const SCALARS = {
  ID: "string",
  String: "string",
  DateTime: "string",
  Date: "string",
  Time: "string",
  Int: "number",
  Float: "number",
  Boolean: "boolean",
};
const schema = buildSchema(readFileSync(new URL("../schema/schema.graphql", HERE), "utf8"));
const mistakes = [];
const used = new Map(); // enums and inputs that some operation needs, by name

const definitions = globSync("src/**/*.graphql", { cwd: HERE })
  .sort()
  .flatMap((path) => {
    try {
      return parse(new Source(readFileSync(new URL(path, HERE), "utf8"), path)).definitions;
    } catch (error) {
      mistakes.push(told(error));
      return [];
    }
  });
const fragments = new Map(
  definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION).map((one) => [one.name.value, one]),
);
const operations = definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);

function told(error) {
  const at = error.locations?.[0];
  return `${error.source?.name ?? error.nodes?.[0]?.loc?.source.name ?? "?"}:${at?.line ?? 0}: ${error.message}`;
}

/** The fragments an operation uses, however deep, in the order of their names. */
function needed(node, found = new Set()) {
  visit(node, {
    FragmentSpread({ name: { value } }) {
      if (!found.has(value) && fragments.has(value)) {
        found.add(value);
        needed(fragments.get(value), found);
      }
    },
  });
  return [...found].sort().map((name) => fragments.get(name));
}

/** The fields of a selection by the names they get in the answer, fragments unfolded and equal names joined. */
function fieldsOf(kind, sets, fields = new Map(), optional = false) {
  for (const node of sets.flatMap((set) => set.selections)) {
    const maybe = optional || (node.directives ?? []).some((one) => ["include", "skip"].includes(one.name.value));
    if (node.kind === Kind.FRAGMENT_SPREAD)
      fieldsOf(kind, [fragments.get(node.name.value).selectionSet], fields, maybe);
    else if (node.kind === Kind.INLINE_FRAGMENT) fieldsOf(kind, [node.selectionSet], fields, maybe);
    else {
      const key = (node.alias ?? node.name).value;
      const entry = fields.get(key) ?? { name: node.name.value, sets: [], optional: true };
      entry.optional &&= maybe;
      if (node.selectionSet) entry.sets.push(node.selectionSet);
      fields.set(key, entry);
    }
  }
  return fields;
}

function shapeOf(kind, sets, indent) {
  const lines = [...fieldsOf(kind, sets)].map(([key, { name, sets: below, optional }]) => {
    const type =
      name === "__typename" ? JSON.stringify(kind.name) : typeOf(kind.getFields()[name].type, below, `${indent}  `);
    return `${indent}  ${key}${optional ? "?" : ""}: ${type};`;
  });
  return `{\n${lines.join("\n")}\n${indent}}`;
}

/** A type of the schema in TypeScript; of an object, what was chosen of it. */
function typeOf(type, sets, indent) {
  if (!isNonNullType(type)) return `${typeOf(new GraphQLNonNull(type), sets, indent)} | null`;
  const inner = getNullableType(type);
  if (isListType(inner)) {
    const item = typeOf(inner.ofType, sets, indent);
    return /[ {]/.test(item) ? `Array<${item}>` : `${item}[]`;
  }
  if (isObjectType(inner)) return shapeOf(inner, sets, indent);
  return named(inner);
}

function named(type) {
  if (isEnumType(type) || isInputObjectType(type)) {
    if (!used.has(type.name)) {
      used.set(type.name, type);
      if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) named(getNamedType(field.type));
    }
    return type.name;
  }
  return SCALARS[type.name] ?? "unknown";
}

/** What may be given for a variable or a field of an input. */
function given(type) {
  if (!isNonNullType(type)) return `${given(new GraphQLNonNull(type))} | null`;
  const inner = getNullableType(type);
  if (!isListType(inner)) return named(inner);
  const item = given(inner.ofType);
  return item.includes(" ") ? `Array<${item}>` : `${item}[]`;
}

function entry(name, type, hasDefault, indent) {
  return isNonNullType(type) && !hasDefault
    ? `${indent}${name}: ${given(type)};`
    : `${indent}${name}?: ${given(type)} | undefined;`;
}

/** A mutation says what was refused, so that `act` can count on it. */
function checkMutation(operation, name) {
  const [field] = operation.selectionSet.selections;
  const errors = fieldsOf(null, [field.selectionSet]).get("errors");
  const chosen = fieldsOf(null, errors?.sets ?? []);
  if (!["code", "field", "message"].every((one) => chosen.has(one))) {
    mistakes.push(`${operation.loc.source.name}: ${name} must choose errors { ...Refusal }`);
  }
}

const documents = {};
const parts = [];
const seen = new Set();
const rules = specifiedRules.filter((rule) => rule !== NoUnusedFragmentsRule);
for (const fragment of fragments.values()) {
  const around = {
    kind: Kind.DOCUMENT,
    definitions: [fragment, ...needed(fragment).filter((one) => one !== fragment)],
  };
  mistakes.push(...validate(schema, around, rules).map(told));
}
for (const operation of mistakes.length ? [] : operations) {
  const name = operation.name?.value ?? "";
  if (!/^[A-Z]\w*$/.test(name) || seen.has(name)) {
    mistakes.push(
      `${operation.loc.source.name}: an operation needs a name of its own that begins with a capital, not "${name}"`,
    );
    continue;
  }
  seen.add(name);
  const around = { kind: Kind.DOCUMENT, definitions: [operation, ...needed(operation)] };
  const found = validate(schema, around, specifiedRules).map(told);
  mistakes.push(...found);
  if (found.length) continue;
  if (operation.operation === "mutation") checkMutation(operation, name);
  const text = around.definitions.map(print).join("\n\n");
  const id = `sha256:${createHash("sha256").update(text).digest("hex")}`;
  documents[id] = text;
  const variables = (operation.variableDefinitions ?? []).map((one) =>
    entry(one.variable.name.value, typeFromAST(schema, one.type), one.defaultValue !== undefined, "  "),
  );
  parts.push(
    `export interface ${name}Variables {\n${variables.join("\n")}\n}`.replace("{\n\n}", "{}"),
    `export interface ${name}Data ${shapeOf(schema.getRootType(operation.operation), [operation.selectionSet], "")}`,
    `export const ${name}: Operation<${name}Data, ${name}Variables> = {\n  id: "${id}",\n  name: "${name}",\n  kind: "${operation.operation}",\n};`,
  );
}

if (mistakes.length) {
  console.error([...new Set(mistakes)].join("\n"));
  process.exit(1);
}

for (const [name, fragment] of fragments) {
  parts.push(
    `export interface ${name}Fragment ${shapeOf(schema.getType(fragment.typeCondition.name.value), [fragment.selectionSet], "")}`,
  );
}
const words = [...used.values()]
  .sort((a, b) => a.name.localeCompare(b.name))
  .map((type) =>
    isEnumType(type)
      ? `export type ${type.name} = ${type
          .getValues()
          .map((one) => `"${one.name}"`)
          .join(" | ")};`
      : `export interface ${type.name} {\n${Object.values(type.getFields())
          .map((one) => entry(one.name, one.type, one.defaultValue !== undefined, "  "))
          .join("\n")}\n}`,
  );

const head = `/** Every operation of the front; made by operations.mjs from the .graphql files, never written by hand. */

/** An operation the server knows by its hash, with the types of what it takes and answers. */
export interface Operation<Data, Variables> {
  readonly id: string;
  readonly name: string;
  readonly kind: "query" | "mutation" | "subscription";
  /** Never there: it only carries the types. */
  readonly types?: (variables: Variables) => Data;
}`;
put("src/operations.ts", `${[head, ...words, ...parts].join("\n\n")}\n`);
put(".documents.json", `${JSON.stringify(documents, null, 1)}\n`);
console.log(`${operations.length} operations, ${fragments.size} fragments`);

/** Writes a file unless it says just that already. */
function put(path, text) {
  const file = new URL(path, HERE);
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
}
