// One field of a form: chooses by the schema how it is asked for.

import { shapeOf } from '../schema/schema.ts';
import { type FieldProps, isFields } from './form-hands.ts';
import { ListField } from './list-field.tsx';
import { MapField } from './map-field.tsx';
import { ObjectField } from './object-field.tsx';
import { ChoiceField, NumberField, TextField } from './scalar-fields.tsx';
import { YamlField } from './yaml-field.tsx';

/** A value of another shape than the schema's is shown as it is, so that it is not lost. */
const isOther = (value: unknown, isRight: (value: unknown) => boolean): boolean =>
  value !== undefined && value !== null && !isRight(value);

export const FormField = (props: FieldProps) => {
  const { schema, value } = props;
  switch (shapeOf(schema)) {
    case 'object':
      return isOther(value, isFields) ? (
        <YamlField {...props} />
      ) : (
        <ObjectField {...props} Field={FormField} />
      );
    case 'map':
      return isOther(value, isFields) ? <YamlField {...props} /> : <MapField {...props} Field={FormField} />;
    case 'list':
      return isOther(value, Array.isArray) ? (
        <YamlField {...props} />
      ) : (
        <ListField {...props} Field={FormField} />
      );
    case 'choice':
    case 'boolean':
      return typeof value === 'object' && value !== null ? (
        <YamlField {...props} />
      ) : (
        <ChoiceField {...props} />
      );
    case 'integer':
    case 'number':
      return isOther(value, (one) => typeof one === 'number') ? (
        <YamlField {...props} />
      ) : (
        <NumberField {...props} />
      );
    case 'text':
      return typeof value === 'object' && value !== null ? (
        <YamlField {...props} />
      ) : (
        <TextField {...props} />
      );
    case 'any':
      return <YamlField {...props} />;
  }
};
