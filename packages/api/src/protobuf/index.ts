export { parseProtobuf, protobufType } from './envelope.ts';
