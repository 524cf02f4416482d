import { type Static, Type } from 'typebox';

const Data = Type.Record(Type.String(), Type.Unknown(), { description: 'what the template is filled with' });

export const TemplateView = Type.Object({
  name: Type.String({ description: 'as a type names it' }),
  locales: Type.Array(Type.String(), { description: 'languages besides the default one' }),
  parts: Type.Array(Type.String({ description: 'email.subject, email.html, email.text or sms' })),
  sample: Data,
  samples: Type.Record(Type.String(), Data, { description: 'by language, where it has its own' }),
});

export const TemplateList = Type.Object({ items: Type.Array(TemplateView) });

export const PreviewRequest = Type.Object(
  {
    locale: Type.Optional(
      Type.String({
        maxLength: 35,
        pattern: '^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$',
        description: 'a language tag, as de-AT',
      }),
    ),
    data: Type.Optional(Data),
  },
  { additionalProperties: false },
);
export type PreviewRequest = Static<typeof PreviewRequest>;

export const Preview = Type.Object({
  email: Type.Optional(
    Type.Object({ subject: Type.String(), html: Type.Optional(Type.String()), text: Type.String() }),
  ),
  sms: Type.Optional(
    Type.Object({
      text: Type.String(),
      segments: Type.Integer({ description: 'how many parts it is billed as' }),
      encoding: Type.String({ description: 'GSM-7 or UCS-2' }),
    }),
  ),
});
export type Preview = Static<typeof Preview>;
