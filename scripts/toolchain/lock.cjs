// A lock between processes that a dead holder cannot keep: a listening socket in Linux's abstract namespace (unix(7)).
// The kernel lets one process listen on a name and frees the name with the process, however it ends. Who waits connects to
// it, and the end of that connection says that the lock is free. Plain CommonJS: the launcher needs it before the npm packages are there.
"use strict";
const { createHash } = require("node:crypto");
const net = require("node:net");

const address = (name) => `\0podnet-${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;

/** A server that holds the name, or undefined when another process does. */
function take(path, waiting) {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => {
      waiting.add(socket.on("error", () => undefined).on("close", () => waiting.delete(socket)));
    });
    server.once("error", (error) => (error.code === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen(path, () => resolve(server));
  });
}

const freed = (path) =>
  new Promise((resolve) => {
    net
      .connect(path)
      .on("error", () => undefined) // Refused: freed in between. Reset: the holder died.
      .on("close", resolve)
      .resume();
  });

exports.withLock = async function withLock(name, work, onWait = () => undefined) {
  const path = address(name);
  const waiting = new Set();
  let server = await take(path, waiting);
  if (!server) onWait();
  while (!server) {
    await freed(path);
    server = await take(path, waiting);
  }
  try {
    return await work();
  } finally {
    server.close();
    for (const socket of waiting) socket.destroy();
  }
};
