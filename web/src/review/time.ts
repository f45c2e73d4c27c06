/** Time in a film: `1:02.40`; hundredths tell pictures apart. */
export function filmTime(seconds: number): string {
  const hundredths = Math.round(seconds * 100);
  const two = (part: number): string => String(part).padStart(2, '0');
  const whole = Math.floor(hundredths / 100);
  return `${Math.floor(whole / 60)}:${two(whole % 60)}.${two(hundredths % 100)}`;
}
