/** The OpenAPI 3.1 document, made from the table of routes. */
import type { Field, Fields } from './field.ts';
import type { Route } from './route.ts';
import { API_ROOT, ROUTES } from './routes.ts';

type Json = Readonly<Record<string, unknown>>;

export function openApiDocument(version: string): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of ROUTES) {
    const entry = paths[route.path] ?? {};
    entry[route.method.toLowerCase()] = operation(route);
    paths[route.path] = entry;
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Heartwood gateway', version, summary: 'The manager over HTTP', license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: API_ROOT }],
    security: [{}, { bearer: [] }, { basic: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, basic: { type: 'http', scheme: 'basic' } },
      schemas: {
        Problem: {
          type: 'object', required: ['error'],
          properties: { error: { type: 'object', required: ['code', 'message'], properties: { code: { type: 'string' }, message: { type: 'string' }, unit: { type: 'string' } } } },
        },
      },
    },
  };
}

function operation(route: Route): Json {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const inQuery = Object.entries(route.query ?? {}).map(([name, field]) => ({ name, in: 'query', description: field.summary, required: field.required === true, schema: schemaOf(field), ...(field.type === 'strings' ? { explode: true } : {}) }));
  const content = route.streams === true ? { 'text/event-stream': { schema: { type: 'string' } } } : { 'application/json': { schema: {} } };
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[^A-Za-z]+([A-Za-z]?)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary: route.summary, description: `Needs the level ${route.level}.`, 'x-level': route.level,
    parameters: [...inPath, ...inQuery],
    ...(route.body === undefined ? {} : { requestBody: { required: Object.values(route.body).some(({ required }) => required === true), content: { 'application/json': { schema: bodySchema(route.body) } } } }),
    responses: {
      200: { description: route.answer, content },
      default: { description: 'It could not be done', content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } } },
    },
  };
}

function bodySchema(fields: Fields): Json {
  const required = Object.entries(fields).filter(([, field]) => field.required === true).map(([name]) => name);
  return {
    type: 'object', additionalProperties: false, ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, { ...schemaOf(field), description: field.summary }])),
  };
}

function schemaOf({ type, choices, max }: Field): Json {
  if (type === 'strings') return { type: 'array', items: { type: 'string', ...(choices === undefined ? {} : { enum: choices }) } };
  return { type, ...(choices === undefined ? {} : { enum: choices }), ...(type === 'integer' ? { minimum: 0, ...(max === undefined ? {} : { maximum: max }) } : {}) };
}
