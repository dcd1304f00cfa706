/** TLS, and callers known by their certificate. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withHouse } from './house.ts';

const SETUP = `
mkdir -p pki && cd pki &&
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.pem -subj /CN=team 2>&1 >/dev/null | cat >/dev/null
for name in server alice mallory; do
  openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj /CN=$name 2>/dev/null
  printf 'subjectAltName=IP:127.0.0.1' > san
  openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san -out $name.pem 2>/dev/null
done
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout other.key -out other.pem -subj /CN=alice 2>/dev/null
`;

test('with ClientCA= only certificates of that authority get in, each with its level', { timeout: 100_000 }, async () => {
  await withHouse({}, async (house) => {
    const { stage } = house;
    stage.sh(SETUP);
    stage.write('tls.conf', `[Gateway]\nWrite=yes\nAnonymous=none\nCertificate=${stage.directory}/pki/server.pem\nKey=${stage.directory}/pki/server.key\nClientCA=${stage.directory}/pki/ca.pem\n[Certificates]\nalice=write * web.service\n`);
    stage.start('heartwood-gateway', '--config=tls.conf', `--socket=${stage.directory}/run/control`, '--listen=127.0.0.1:0');
    const port = /https:\/\/127\.0\.0\.1:(\d+)/.exec(await stage.until('cat out', /https:\/\/127\.0\.0\.1:\d+/))?.[1] ?? '';
    const curl = (who: string, path: string, more = ''): string => stage.sh(`curl -s -o body -w '%{http_code} ' --cacert pki/ca.pem ${who === '' ? '' : `--cert pki/${who}.pem --key pki/${who}.key`} ${more} https://127.0.0.1:${port}${path}; cat body 2>/dev/null; rm -f body`);
    assert.match(curl('alice', '/api/v1/caller'), /^200 \{"name":"certificate:alice","level":"write","units":\["web\.service"\]\}/);
    assert.match(curl('alice', '/api/v1/units/web/restart', '-X POST'), /^200 /);
    assert.match(curl('alice', '/api/v1/units/idle/start', '-X POST'), /^403 /);
    assert.match(curl('mallory', '/api/v1/units'), /^403 /, 'known to the authority, but not to the configuration');
    assert.match(curl('', '/api/v1/units'), /^000 /);
    assert.match(curl('other', '/api/v1/units'), /^000 /, 'a certificate of its own making');
    assert.match(stage.sh(`curl -s http://127.0.0.1:${port}/healthz`), /status (52|1)/, 'no plain HTTP on the same port');
    assert.match(stage.read('out'), /audit: \{[^\n]*"caller":"certificate:alice"[^\n]*"status":200/);
  });
});
