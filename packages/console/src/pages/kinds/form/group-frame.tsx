// What is around fields that belong together: a part of the form that opens, with what can be done to it as a whole.
import { Alert, FormFieldGroupExpandable, FormFieldGroupHeader } from '@patternfly/react-core';
import type { ReactNode } from 'react';
import { type FieldProps, idOf, problemsAt } from './form-hands.ts';

/** Groups of so many levels are open from the start when there is something in them. */
const openLevels = 2;

/** PatternFly mounts what is in an open group only: schemas may contain themselves. */
const Made = ({ make }: { readonly make: () => ReactNode }) => make();

export const GroupFrame = ({
  hands,
  name,
  path,
  schema,
  isRequired,
  isSet,
  actions,
  children,
}: Omit<FieldProps, 'value'> & {
  readonly isSet: boolean;
  readonly actions?: ReactNode;
  readonly children: () => ReactNode;
}) => {
  const problems = problemsAt(hands, path);
  return (
    <FormFieldGroupExpandable
      isExpanded={isRequired || path.length === 1 || (isSet && path.length <= openLevels)}
      hasAnimations={false}
      toggleAriaLabel={name}
      header={
        <FormFieldGroupHeader
          titleText={{ text: isRequired ? `${name} *` : name, id: `${idOf(path)}-title` }}
          titleDescription={schema.description}
          actions={hands.isReadOnly ? undefined : actions}
        />
      }
    >
      {problems.map((problem) => (
        <Alert key={problem} isInline variant="danger" title={problem} />
      ))}
      <Made make={children} />
    </FormFieldGroupExpandable>
  );
};
