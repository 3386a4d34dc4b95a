import type { ComponentChildren } from "preact";

/** A column: its heading and what stands in it for a row. */
export interface Column<Row> {
  readonly key: string;
  readonly head: ComponentChildren;
  readonly cell: (row: Row) => ComponentChildren;
  /** Numbers stand to the right. */
  readonly numeric?: boolean | undefined;
  /** The cell that names the row. */
  readonly names?: boolean | undefined;
}

interface Props<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
}

/** A table; on a phone each row becomes a card that repeats the headings. */
export function Table<Row>({ caption, columns, rows, keyOf }: Props<Row>) {
  return (
    <div class="table-frame" role="region" aria-label={caption} tabIndex={0}>
      <table class="table">
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" class={column.numeric ? "numeric" : undefined}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => {
                const cell = { key: column.key, class: column.numeric ? "numeric" : undefined };
                const head = (
                  <span class="repeated" aria-hidden="true">
                    {column.head}
                  </span>
                );
                return column.names ? (
                  <th {...cell} scope="row">
                    {head}
                    {column.cell(row)}
                  </th>
                ) : (
                  <td {...cell}>
                    {head}
                    {column.cell(row)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
