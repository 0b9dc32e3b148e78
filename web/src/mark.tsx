import { light } from './palette';

/* The product's mark: the ring of a customer's life. */
export function Mark() {
  return (
    <svg width="24" height="24" viewBox="0 0 24 24" fill="none" strokeWidth="4" aria-hidden="true">
      <path d="M13 3.05A9 9 0 0 1 20.4 15.2" stroke={light[2]} />
      <path d="M19.3 16.9A9 9 0 0 1 5.1 17.8" stroke={light[1]} />
      <path d="M3.9 16A9 9 0 0 1 11 3.05" stroke={light[5]} />
    </svg>
  );
}
