// Runs before every npm script. npm puts the `node` devDependency first on PATH; where that did not install,
// better-sqlite3 would end an older node without a word (it needs Node-API 10).
const [major] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(
    `reseal: this is Node ${process.versions.node}, and reseal needs Node 24 or newer.\n` +
      'hint: `npm ci` brings Node 24 as the devDependency `node`; if npm skipped its install script, run\n' +
      '      `npm rebuild node`, or put a Node 24 on your PATH.\n',
  )
  process.exit(1)
}
