// A small web server, for a machine without nginx: says how many requests it has answered.
import { createServer } from 'node:http';

let answered = 0;
createServer((_request, response) => {
  const text = `answer ${answered += 1}\n`;
  response.setHeader('Content-Length', text.length).end(text);
}).listen(8080, '127.0.0.1');
