/* The look, in front of Mantine: colours, type, light and dark. */

import '@mantine/core/styles/baseline.css';
import '@mantine/core/styles/default-css-variables.css';
import '@mantine/core/styles/global.css';
import '@mantine/core/styles/UnstyledButton.css';
import '@mantine/core/styles/VisuallyHidden.css';
import './theme.css';

import {
  createTheme, MantineProvider, useComputedColorScheme, useMantineColorScheme,
} from '@mantine/core';
import type { ReactNode } from 'react';
import { nonce } from '../nonce';

const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 5 },
  defaultRadius: 'sm',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { fz: 13, fw: 500 } },
    SegmentedControl: { defaultProps: { fw: 500 } },
    Menu: { defaultProps: { zIndex: 5 } },
  },
});

export function Theme({ children }: { children: ReactNode }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      {children}
    </MantineProvider>
  );
}

export const useScheme = () => useComputedColorScheme('light');

export function useToggleScheme() {
  const scheme = useScheme();
  const { setColorScheme } = useMantineColorScheme();
  return () => setColorScheme(scheme === 'dark' ? 'light' : 'dark');
}
