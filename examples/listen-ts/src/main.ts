// Prints an organization's events as they happen, one JSON object a line, whatever happens to the connection.
//
// It reads BASE_URL, TOKEN and ORG from the environment. The first line is the hello, which says that from now on nothing
// is missed. A line {"type":"resync"} says that something was: read everything anew after the hello that follows it.
import { Stream } from "./stream.js";

const stream = new Stream({
  base: process.env["BASE_URL"] || "http://127.0.0.1:8000",
  token: process.env["TOKEN"] ?? "",
  org: process.env["ORG"] ?? "",
  handle: (frame) => void process.stdout.write(frame + "\n"),
  lost: (why) => console.error(`listen: ${why}; connecting again`),
});

try {
  await stream.follow();
} catch (error) {
  console.error(`listen: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
