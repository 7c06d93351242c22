// Kubeconfigs, registration headers, sealing, manifests: what comes in is read strictly, what goes
// out reads back.
#include <catch2/catch_all.hpp>

#include "engine/base/base64.h"
#include "engine/base/yaml.h"
#include "engine/cluster/kubeconfig.h"
#include "engine/cluster/manifest.h"
#include "engine/cluster/registration.h"
#include "engine/cluster/sealer.h"
#include "tests/support/thread_env.h"

using namespace engine;

namespace {

std::string kubeconfig(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- name: a\n  context: "
         "{cluster: c, user: u}\nclusters:\n- name: c\n  cluster: " +
         cluster + "\nusers:\n- name: u\n  user: " + user + "\n";
}

std::string refusal(const std::string& text) {
  const auto read = parse_kubeconfig(text);
  REQUIRE_FALSE(read);
  return read.error().message();
}

}  // namespace

TEST_CASE("a kubeconfig gives address, trust and credential") {
  const auto access = parse_kubeconfig(kubeconfig(
      "{server: 'https://[fd00::1]:6443/k8s/', certificate-authority-data: " + base64_encode("CA") +
          ", tls-server-name: api}",
      "{token: secret}"));
  REQUIRE(access);
  CHECK(access->host == "fd00::1");
  CHECK(access->port == 6443);
  CHECK(access->base_path == "/k8s");
  CHECK(access->ca_pem == "CA");
  CHECK(access->tls_server_name == "api");
  CHECK(access->authorization() == "Bearer secret");
  CHECK(access->url() == "https://[fd00::1]:6443/k8s");
  const auto basic =
      parse_kubeconfig(kubeconfig("{server: 'https://h'}", "{username: me, password: pw}"));
  REQUIRE(basic);
  CHECK(basic->port == 443);
  CHECK(basic->authorization() == "Basic " + base64_encode("me:pw"));
}

TEST_CASE("a kubeconfig that would run a program or read our files is refused, with the reason") {
  using Catch::Matchers::ContainsSubstring;
  const std::string server = "{server: 'https://h'}";
  CHECK_THAT(refusal(kubeconfig(server, "{exec: {command: sh}}")), ContainsSubstring("\"exec\""));
  CHECK_THAT(refusal(kubeconfig(server, "{auth-provider: {name: gcp}}")),
             ContainsSubstring("auth-provider"));
  CHECK_THAT(refusal(kubeconfig(server, "{tokenFile: /etc/shadow}")), ContainsSubstring("file"));
  CHECK_THAT(refusal(kubeconfig(server, "{client-certificate: /a, client-key: /b}")),
             ContainsSubstring("--flatten"));
  CHECK_THAT(refusal(kubeconfig(server, "{}")), ContainsSubstring("no credential"));
  CHECK_THAT(refusal(kubeconfig(server, "{token: t, as: admin}")), ContainsSubstring("\"as\""));
  CHECK_THAT(refusal(kubeconfig(server, "{token: \"a\\nb\"}")), ContainsSubstring("header"));
  CHECK_THAT(refusal(kubeconfig("{server: 'ftp://h'}", "{token: t}")), ContainsSubstring("https"));
  CHECK_THAT(refusal(kubeconfig("{server: 'https://h:99999'}", "{token: t}")),
             ContainsSubstring("port"));
  CHECK_THAT(refusal("kind: Config\n"), ContainsSubstring("current-context"));
  CHECK_THAT(refusal("current-context: x\n"), ContainsSubstring("\"x\""));
  CHECK_THAT(refusal("[1, 2]"), ContainsSubstring("mapping"));
  CHECK_THAT(refusal(": : :"), ContainsSubstring("kubeconfig"));
}

TEST_CASE("a kubeconfig that we make reads back") {
  const auto text =
      make_kubeconfig({"prod", "https://p.example/k8s/clusters/c-abc12", "CA\n", "t:s"});
  const auto access = parse_kubeconfig(text);
  REQUIRE(access);
  CHECK(access->base_path == "/k8s/clusters/c-abc12");
  CHECK(access->token == "t:s");
  CHECK(access->ca_pem == "CA\n");
}

TEST_CASE("registration headers: ours read back, Rancher's agent is understood") {
  ClusterAccess access;
  access.host = "10.96.0.1";
  access.port = 443;
  access.ca_pem = "-----BEGIN CERTIFICATE-----\n";
  access.certificate_pem = "cert";
  access.key_pem = "key";
  const auto back = decode_tunnel_params(encode_tunnel_params(access));
  REQUIRE(back);
  CHECK(*back == access);
  const auto theirs = decode_tunnel_params(
      base64_encode(R"({"cluster":{"address":"10.43.0.1:443","token":"tok","caCert":")" +
                    base64_encode("PEM") + "\"}}"));
  REQUIRE(theirs);
  CHECK(theirs->host == "10.43.0.1");
  CHECK(theirs->ca_pem == "PEM");
  CHECK(theirs->token == "tok");
  CHECK_FALSE(decode_tunnel_params(""));
  CHECK_FALSE(decode_tunnel_params("%%%"));
  CHECK_FALSE(decode_tunnel_params(base64_encode("{}")));
  CHECK_FALSE(decode_tunnel_params(base64_encode(R"({"cluster":{"address":"h:1"}})")));
  const auto json = ClusterAccess::from_json(access.to_json());
  REQUIRE(json);
  CHECK(*json == access);
}

TEST_CASE("a sealed credential opens only with its key and at its place") {
  tests::ThreadEnv env;
  const auto sealer = Sealer::create(Sealer::new_key(env));
  const auto other = Sealer::create(std::string(32, 'k'));
  REQUIRE(sealer);
  REQUIRE(other);
  const std::string sealed = sealer->seal(env, "secret", "c-1");
  CHECK(sealed.find("secret") == std::string::npos);
  CHECK(sealed != sealer->seal(env, "secret", "c-1"));
  const auto open = sealer->open(sealed, "c-1");
  REQUIRE(open);
  CHECK(*open == "secret");
  CHECK_FALSE(sealer->open(sealed, "c-2"));
  CHECK_FALSE(other->open(sealed, "c-1"));
  CHECK_FALSE(sealer->open(sealed.substr(4), "c-1"));
  CHECK_FALSE(sealer->open("", "c-1"));
  CHECK_FALSE(Sealer::create("short"));
}

TEST_CASE("the agent's manifest is six objects that name what they need") {
  const AgentManifest manifest{"https://p.example", "tok123", "abc", "paddock/agent:1"};
  const auto objects = parse_yaml_stream(agent_manifest_yaml(manifest));
  REQUIRE(objects);
  REQUIRE(objects->size() == 6);
  CHECK((*objects)[0].str("kind") == "Namespace");
  const Json& deployment = (*objects)[5];
  CHECK(deployment.str("kind") == "Deployment");
  const Json& container =
      deployment.at({"spec", "template", "spec", "containers"})->as_array().front();
  CHECK(container.str("image") == "paddock/agent:1");
  CHECK(container.find("env")->size() == 3);
  CHECK((*objects)[4].str({"data", "token"}) == base64_encode("tok123"));
  const auto commands = registration_commands(manifest, "c-abc12");
  CHECK(commands.manifest_url == "https://p.example/v3/import/tok123_c-abc12.yaml");
  CHECK(commands.node_command ==
        "paddock agent --server https://p.example --token tok123 --ca-checksum abc --kubeconfig "
        "~/.kube/config");
  const auto name = parse_import_name("tok123_c-abc12.yaml");
  CHECK(name.token == "tok123");
  CHECK(name.cluster == "c-abc12");
  CHECK(parse_import_name("tok.yaml").cluster.empty());
  CHECK(parse_import_name("tok.json").token.empty());
}
