// Runs the server audits of npm's graphql-http against an address and prints what they found as JSON.
import { auditServer } from "graphql-http";

const found = await auditServer({ url: process.argv[2] });
const told = found.map(({ id, name, status, reason }) => ({ id, name, status, reason }));
console.log(JSON.stringify(told));
