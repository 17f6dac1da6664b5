// Types of what is used here of @std/streams/text-line-stream; the npm package that carries it has none.

export class TextLineStream extends TransformStream<string, string> {}
