/** `file`, `file:line` or `file:line:column`: as much as is known. */
export function placeText(place: { readonly file: string; readonly line: number; readonly column: number }): string {
  return [place.file, ...(place.line > 0 ? [place.line, ...(place.column > 0 ? [place.column] : [])] : [])].join(':');
}
