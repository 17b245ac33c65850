// Says each test as it ends, and why it failed; jest itself is silent until all tests of a file have ended.
module.exports = class Progress {
  onTestFileStart({ path }) {
    process.stderr.write(`podnet: ${path.slice(path.indexOf("/test/") + 1)}\n`);
  }

  onTestCaseResult(_test, { status, fullName, duration, failureMessages }) {
    const seconds = ((duration ?? 0) / 1000).toFixed(1);
    process.stderr.write(
      `podnet:   ${status === "passed" ? "ok    " : status.padEnd(6)} ${seconds.padStart(6)} s  ${fullName}\n`,
    );
    for (const message of failureMessages) process.stderr.write(`${message}\n`);
  }
};
