/** Enough for its owner to know it again, too little for anybody else: `a•••@example.org`, `+49•••67`. */
export function maskedAddress(address: string): string {
  const at = address.lastIndexOf('@');
  return at > 0
    ? `${address.slice(0, 1)}•••${address.slice(at)}`
    : `${address.slice(0, 3)}•••${address.slice(-2)}`;
}
