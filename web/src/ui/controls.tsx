/* The controls of the page, in front of Mantine. */

/* Parts before what is made of them: the later wins. */
import '@mantine/core/styles/Loader.css';
import '@mantine/core/styles/Input.css';
import '@mantine/core/styles/InlineInput.css';
import '@mantine/core/styles/CloseButton.css';
import '@mantine/core/styles/Paper.css';
import '@mantine/core/styles/Popover.css';
import '@mantine/core/styles/Menu.css';
import '@mantine/core/styles/Button.css';
import '@mantine/core/styles/ActionIcon.css';
import '@mantine/core/styles/FloatingIndicator.css';
import '@mantine/core/styles/SegmentedControl.css';
import '@mantine/core/styles/Skeleton.css';

import {
  ActionIcon, Button as MantineButton, Menu as MantineMenu, NativeSelect, SegmentedControl,
  Skeleton as MantineSkeleton, TextInput,
} from '@mantine/core';
import type { ReactNode } from 'react';

/* A button; with href, a link that looks like one (a download, say). */
export function Button(props: {
  children: ReactNode; icon?: ReactNode; onClick?: () => void; href?: string; download?: boolean;
  pressed?: boolean; primary?: boolean; disabled?: boolean; submit?: boolean;
}) {
  const look = {
    size: 'compact-sm', leftSection: props.icon, disabled: props.disabled,
    variant: props.primary ? 'filled' : props.pressed ? 'light' : 'default',
  } as const;
  return props.href
    ? <MantineButton {...look} component="a" href={props.href} download={props.download}>
        {props.children}
      </MantineButton>
    : <MantineButton {...look} type={props.submit ? 'submit' : 'button'} onClick={props.onClick}
        aria-pressed={props.pressed}>
        {props.children}
      </MantineButton>;
}

export function IconButton(props: { label: string; onClick: () => void; children: ReactNode; disabled?: boolean }) {
  return (
    <ActionIcon variant="subtle" color="gray" size="md" aria-label={props.label}
      title={props.label} onClick={props.onClick} disabled={props.disabled}>
      {props.children}
    </ActionIcon>
  );
}

/* One of a few. */
export function Choice<T extends string>(props: {
  label: string; value: T; options: { value: T; label: string }[]; onChange: (value: T) => void;
}) {
  return (
    <SegmentedControl size="xs" aria-label={props.label} data={props.options}
      value={props.value} onChange={value => props.onChange(value as T)} transitionDuration={0} />
  );
}

export interface Option { value: string; label: string }

/* One of several, as the platform shows it; they may stand in groups. */
export function Select(props: {
  label: string; value: string; options: (Option | { group: string; items: Option[] })[];
  onChange: (value: string) => void;
}) {
  return (
    <NativeSelect size="xs" aria-label={props.label} value={props.value} data={props.options}
      onChange={event => props.onChange(event.currentTarget.value)} />
  );
}

/* `onDone`: what was typed is meant (Enter, or one went elsewhere). `code`: no word of a language. */
export function Field(props: {
  label: string; value: string; onChange: (value: string) => void; type?: 'date' | 'search';
  min?: string; max?: string; placeholder?: string; title?: string; icon?: ReactNode;
  onDone?: () => void; error?: ReactNode; list?: string; code?: boolean; disabled?: boolean;
}) {
  const { label, onChange, onDone, icon, code, ...rest } = props;
  return (
    <TextInput size="xs" aria-label={label} leftSection={icon} {...rest}
      {...(code && { spellCheck: false, autoCapitalize: 'off', autoComplete: 'off', autoCorrect: 'off' })}
      onChange={event => onChange(event.currentTarget.value)} onBlur={onDone}
      onKeyDown={onDone && (event => { if (event.key === 'Enter') onDone(); })} />
  );
}

/* What nobody should read over the shoulder; password managers may keep it. */
export function Secret(props: {
  label: string; value: string; onChange: (value: string) => void; error: string | null;
}) {
  return (
    <TextInput size="sm" type="password" name="key" autoComplete="current-password" autoFocus
      spellCheck={false} label={props.label} value={props.value} error={props.error}
      onChange={event => props.onChange(event.currentTarget.value)} />
  );
}

/* A button that opens a list of things to do. */
export function Menu(props: {
  label: string; icon?: ReactNode;
  groups: { title?: string; items: { label: ReactNode; key: string; onClick: () => void }[] }[];
}) {
  return (
    <MantineMenu position="bottom-end" shadow="md" transitionProps={{ duration: 0 }}>
      <MantineMenu.Target>
        <MantineButton size="compact-sm" variant="default" leftSection={props.icon}>
          {props.label}
        </MantineButton>
      </MantineMenu.Target>
      <MantineMenu.Dropdown>
        {props.groups.filter(group => group.items.length).map((group, i) => (
          <div key={i} role="group" aria-label={group.title}>
            {group.title && <MantineMenu.Label>{group.title}</MantineMenu.Label>}
            {group.items.map(item => (
              <MantineMenu.Item key={item.key} onClick={item.onClick}>{item.label}</MantineMenu.Item>
            ))}
          </div>
        ))}
      </MantineMenu.Dropdown>
    </MantineMenu>
  );
}

export function Skeleton({ height, width }: { height: number; width?: number | string }) {
  return <MantineSkeleton height={height} width={width} radius="sm" />;
}
