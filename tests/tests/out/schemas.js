// Checks the documents in the working folder against the schemas of their formats: `*.openapi.json` as an OpenAPI
// document, other `*.json` as JSON Feeds, `*.xml` as sitemaps. Prints what is wrong, a line each, and fails where something is. The packages are those of the folder that is
// named first.
const { readFileSync, readdirSync } = require("node:fs");
const { createRequire } = require("node:module");
const { pathToFileURL } = require("node:url");

const packages = createRequire(`${process.argv[1]}/`);
const Ajv = packages("ajv");
const addFormats = packages("ajv-formats");
const { validateXML } = packages("xmllint-wasm");

const ajv = new Ajv({ allErrors: true, strict: false });
addFormats(ajv);
const isFeed = ajv.compile(packages("jsonfeed-schema/schema-v1.1.json"));
const sitemap = readFileSync(`${process.argv[1]}/sitemap/schema/sitemap.xsd`, "utf8");

async function wrong(fileName) {
  const contents = readFileSync(fileName, "utf8");
  if (fileName.endsWith(".openapi.json")) {
    const { Validator } = await import(pathToFileURL(packages.resolve("@seriousme/openapi-schema-validator")));
    const { valid, errors } = await new Validator().validate(JSON.parse(contents));
    return valid ? [] : [errors].flat().map((error) => `${error.instancePath} ${error.message ?? error}`);
  }
  if (fileName.endsWith(".json")) {
    return isFeed(JSON.parse(contents)) ? [] : isFeed.errors.map((error) => `${error.instancePath} ${error.message}`);
  }
  const { errors } = await validateXML({ xml: [{ fileName, contents }], schema: [sitemap] });
  return errors.map((error) => error.message);
}

(async () => {
  for (const fileName of readdirSync(".").sort()) {
    for (const line of await wrong(fileName)) {
      console.log(`${fileName}: ${line}`);
      process.exitCode = 1;
    }
  }
})();
