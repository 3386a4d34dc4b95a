/** The first telephone number that is known, to be dialled by a tap. */
export function Phone({ numbers }: { readonly numbers: readonly (string | undefined)[] }) {
  const number = numbers.find((one) => one?.trim());
  if (!number) return null;
  return (
    <a class="phone" href={`tel:${number.replace(/[^\d+]/g, "")}`}>
      ☎ {number}
    </a>
  );
}
