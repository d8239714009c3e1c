/** A length of time as a person says it: its two largest units. */
export function describeDuration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return $localize`:@@duration.seconds:${s}:seconds: s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return $localize`:@@duration.minutes:${minutes}:minutes: min ${s % 60}:seconds: s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return $localize`:@@duration.hours:${hours}:hours: h ${minutes % 60}:minutes: min`;
  return $localize`:@@duration.days:${Math.floor(hours / 24)}:days: d ${hours % 24}:hours: h`;
}
