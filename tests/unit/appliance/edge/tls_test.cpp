#include <catch2/catch_test_macros.hpp>

#include <sys/stat.h>

#include <fstream>

#include "tests/support/edge_client.h"

using namespace test;
using appliance::CertificateOptions;
using appliance::Certificates;

namespace {

engine::Answer whoami(engine::Request& request) {
  if (request.path == "/large") return text(std::string(3u << 20, 'L'));
  std::string body = request.scheme + " " + request.body;
  if (request.certificate) {
    body += " " + request.certificate->common_name;
    for (const auto& group : request.certificate->organizations) body += "," + group;
    body += " " + std::to_string(request.certificate->sha256.size());
  }
  return text(body);
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void write_text(const std::string& path, const std::string& content) {
  std::ofstream(path) << content;
}

unsigned mode_of(const std::string& path) {
  struct stat info {};
  stat(path.c_str(), &info);
  return info.st_mode & 0777;
}

std::string served_serial(Client& client) {
  X509* peer = SSL_get0_peer_certificate(client.ssl());
  BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(peer), nullptr);
  char* hex = BN_bn2hex(number);
  std::string out(hex);
  OPENSSL_free(hex);
  BN_free(number);
  return out;
}

// The machine's clock, moved.
class MovedEnv final : public storage::Env {
 public:
  explicit MovedEnv(storage::Env& under) : under_(under) {}
  std::chrono::hours moved{0};
  storage::Instant now() override { return under_.now(); }
  storage::WallTime wall() override { return under_.wall() + moved; }
  void post(storage::Task task) override { under_.post(std::move(task)); }
  void post_after(storage::Millis delay, storage::Task task) override {
    under_.post_after(delay, std::move(task));
  }
  void post_slow(storage::Task task) override { under_.post_slow(std::move(task)); }
  uint64_t random(uint64_t below) override { return under_.random(below); }
  void random_secret(std::span<std::byte> out) override { under_.random_secret(out); }
  bool fault(std::string_view) override { return false; }
  void yield(std::string_view) override {}
  std::unique_ptr<storage::Gate> make_gate() override { return under_.make_gate(); }

 private:
  storage::Env& under_;
};

}  // namespace

TEST_CASE("each cipher of TLS 1.3, and TLS 1.2, with large bodies both ways") {
  Edge edge(whoami, [](appliance::EdgeOptions& options) {
    options.body_bytes_max = [](std::string_view, std::string_view) { return size_t{8} << 20; };
  });
  struct Way {
    int version;
    const char* suites;
  };
  for (Way way :
       {Way{TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256"},
        Way{TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384"},
        Way{TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256"}, Way{TLS1_2_VERSION, nullptr}}) {
    auto context = client_context(edge.certificates().ca_pem());
    SSL_CTX_set_max_proto_version(context.get(), way.version);
    if (way.suites) SSL_CTX_set_ciphersuites(context.get(), way.suites);
    Client client(edge.tls_port());
    REQUIRE(client.tls(context.get(), "\x02h2\x08http/1.1", "localhost"));
    CHECK(SSL_version(client.ssl()) == way.version);
    if (way.suites) CHECK(std::string(SSL_get_cipher_name(client.ssl())) == way.suites);
    std::string body(5u << 20, 'b');
    for (int i = 0; i < 3; ++i) {
      client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
                  "\r\n\r\n");
      client.send(body);
      CHECK(client.answer().body.size() == body.size() + 6);
      CHECK(client.get("/large").body == std::string(3u << 20, 'L'));
      CHECK(client.get("/").body == "https ");
    }
  }
  auto old = client_context("");
  SSL_CTX_set_security_level(old.get(), 0);
  SSL_CTX_set_min_proto_version(old.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(old.get(), TLS1_1_VERSION);
  Client refused(edge.tls_port());
  CHECK_FALSE(refused.tls(old.get()));
  CHECK(eventually([&] { return edge.server().counters().handshakes_failed == 1; }));
}

TEST_CASE(
    "TLS 1.3 keys change when the client wants it, and the server answers with new ones of its "
    "own") {
  Edge edge(whoami);
  Client client(edge.tls_port());
  REQUIRE(client.tls(edge.context()));
  for (int i = 0; i < 20; ++i) {
    REQUIRE(SSL_key_update(client.ssl(),
                           i % 2 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
    REQUIRE(client.get("/").body == "https ");
  }
  // A flood of them without any data is not borne.
  Client flood(edge.tls_port());
  REQUIRE(flood.tls(edge.context()));
  for (int i = 0; i < 200; ++i) {
    SSL_key_update(flood.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(flood.ssl());
  }
  CHECK(flood.closed());
}

TEST_CASE("a record that was changed on the way ends the connection") {
  Edge edge(whoami);
  Client client(edge.tls_port());
  REQUIRE(client.tls(edge.context()));
  std::string junk("\x17\x03\x03\x00\x20", 5);
  junk += std::string(32, 'j');
  REQUIRE(::send(client.fd(), junk.data(), junk.size(), MSG_NOSIGNAL) == 37);
  CHECK(client.closed());
  Client huge(edge.tls_port());
  REQUIRE(huge.tls(edge.context()));
  std::string large("\x17\x03\x03\xff\xff", 5);
  REQUIRE(::send(huge.fd(), large.data(), large.size(), MSG_NOSIGNAL) == 5);
  CHECK(huge.closed());
}

TEST_CASE("sessions are resumed from tickets, also across a renewed certificate") {
  Edge edge(whoami);
  SSL_SESSION* session = nullptr;
  auto connect = [&](bool expect_resumed) {
    Client client(edge.tls_port());
    auto* context = edge.context();
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT);
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, client.fd());
    if (session) SSL_set_session(ssl, session);
    REQUIRE(SSL_connect(ssl) == 1);
    CHECK((SSL_session_reused(ssl) == 1) == expect_resumed);
    std::string ask = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    SSL_write(ssl, ask.data(), static_cast<int>(ask.size()));
    char buffer[4096];
    CHECK(SSL_read(ssl, buffer, sizeof buffer) > 0);
    if (session) SSL_SESSION_free(session);
    session = SSL_get1_session(ssl);
    SSL_set_shutdown(ssl,
                     SSL_SENT_SHUTDOWN);  // else the library takes its session for a broken one
    SSL_free(ssl);
  };
  connect(false);
  connect(true);
  REQUIRE(edge.certificates().set_names({"localhost", "127.0.0.1", "more.example"}));
  connect(true);
  SSL_SESSION_free(session);
}

TEST_CASE("ALPN: http/1.1 or nothing") {
  Edge edge(whoami);
  Client both(edge.tls_port());
  REQUIRE(both.tls(edge.context(), "\x02h2\x08http/1.1"));
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(both.ssl(), &chosen, &size);
  CHECK(std::string(reinterpret_cast<const char*>(chosen), size) == "http/1.1");
  Client none(edge.tls_port());
  CHECK(none.tls(edge.context(), nullptr));
  Client two(edge.tls_port());
  CHECK_FALSE(two.tls(edge.context(), "\x02h2"));
}

TEST_CASE("a client certificate of our CA says who it is; a stranger's ends the handshake") {
  Edge edge(whoami);
  auto with = [&](const appliance::KeyPair& pair) {
    auto context = client_context(edge.certificates().ca_pem());
    BIO* bio = BIO_new_mem_buf(pair.certificate_pem.data(), -1);
    X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context.get(), certificate);
    X509_free(certificate);
    BIO_free(bio);
    bio = BIO_new_mem_buf(pair.key_pem.data(), -1);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    SSL_CTX_use_PrivateKey(context.get(), key);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return context;
  };
  auto pair =
      edge.certificates().issue_client("admin", {"system:masters", "ops"}, std::chrono::hours(1));
  REQUIRE(pair);
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto context = with(*pair);
    SSL_CTX_set_max_proto_version(context.get(), version);
    Client client(edge.tls_port());
    REQUIRE(client.tls(context.get()));
    CHECK(client.get("/").body == "https  admin,system:masters,ops 64");
  }
  TempDir dir;
  CertificateOptions options;
  options.dir = dir.path() + "/other";
  auto other = Certificates::open(options, edge.env());
  REQUIRE(other);
  auto stranger = (*other)->issue_client("admin", {"system:masters"}, std::chrono::hours(1));
  auto context = with(*stranger);
  Client client(edge.tls_port());
  bool connected = client.tls(context.get());
  CHECK((!connected || client.get("/").status == 0));
  Client without(edge.tls_port());
  REQUIRE(without.tls(edge.context()));
  CHECK(without.get("/").body == "https ");
}

TEST_CASE("plain HTTP on the TLS port is told the https address") {
  Edge edge(whoami);
  Client client(edge.tls_port());
  client.send("GET / HTTP/1.1\r\nHost: box.example:8443\r\n\r\n");
  Answer answer = client.answer();
  CHECK(answer.status == 400);
  CHECK(answer.body.find("https://box.example:8443/") != std::string::npos);
  CHECK(client.closed());
  Client binary(edge.tls_port());
  binary.send(std::string("\x00\x01\x02", 3));
  CHECK(binary.answer().status == 400);
}

TEST_CASE("certificates: made once, kept with closed permissions, the same after a restart") {
  TempDir dir;
  appliance::RealEnv env;
  CertificateOptions options;
  options.dir = dir.path() + "/tls";
  options.names = {"paddock.example", "10.1.2.3", "::1"};
  std::string first;
  {
    auto certificates = Certificates::open(options, env);
    REQUIRE(certificates);
    first = (*certificates)->ca_pem();
    CHECK((*certificates)->ca_checksum().size() == 64);
  }
  CHECK(mode_of(options.dir) == 0700);
  CHECK(mode_of(options.dir + "/ca.key") == 0600);
  CHECK(mode_of(options.dir + "/server.key") == 0600);
  std::string server = read_text(options.dir + "/server.crt");
  {
    auto again = Certificates::open(options, env);
    REQUIRE(again);
    CHECK((*again)->ca_pem() == first);
    CHECK(read_text(options.dir + "/server.crt") == server);
    REQUIRE((*again)->set_names({"paddock.example"}));
    CHECK(read_text(options.dir + "/server.crt") == server);  // covered already
    REQUIRE((*again)->set_names({"new.example"}));
    CHECK(read_text(options.dir + "/server.crt") != server);
  }
  // A CA that is half gone is not made anew: others trust it.
  std::filesystem::remove(options.dir + "/ca.key");
  auto half = Certificates::open(options, env);
  REQUIRE_FALSE(half);
  CHECK(half.error().message().find("ca.key") != std::string::npos);
}

TEST_CASE("the server certificate is renewed in time, without a restart") {
  TempDir dir;
  appliance::RealEnv real;
  MovedEnv env(real);
  CertificateOptions options;
  options.dir = dir.path() + "/tls";
  options.names = {"localhost"};
  options.server_lifetime = std::chrono::hours(300);
  auto certificates = Certificates::open(options, env);
  REQUIRE(certificates);
  std::string before = read_text(options.dir + "/server.crt");
  auto context = (*certificates)->context();
  env.moved = std::chrono::hours(190);
  CHECK(*(*certificates)->refresh() == false);
  env.moved = std::chrono::hours(201);
  CHECK(*(*certificates)->refresh() == true);
  CHECK(read_text(options.dir + "/server.crt") != before);
  CHECK((*certificates)->context() != context);
  CHECK(*(*certificates)->refresh() == false);
}

TEST_CASE("a given certificate is read again when its file changes; a bad one changes nothing") {
  TempDir dir;
  appliance::RealEnv env;
  CertificateOptions make;
  make.dir = dir.path() + "/maker";
  make.names = {"given.example", "127.0.0.1"};
  auto maker = Certificates::open(make, env);
  REQUIRE(maker);
  std::string cert = dir.path() + "/given.crt", key = dir.path() + "/given.key";
  std::string chain = read_text(make.dir + "/server.crt") + (*maker)->ca_pem();
  write_text(cert, chain);
  write_text(key, read_text(make.dir + "/server.key"));
  CertificateOptions options;
  options.dir = dir.path() + "/tls";
  options.cert_file = cert;
  options.key_file = key;
  auto certificates = Certificates::open(options, env);
  REQUIRE(certificates);
  CHECK((*certificates)->ca_pem() == (*maker)->ca_pem());
  appliance::StreamHub hub(env, {1});
  appliance::EdgeOptions edge;
  edge.listen = {{"127.0.0.1", 0, certificates->get()}};
  appliance::EdgeServer server(edge, env, hub, whoami);
  REQUIRE(server.start());
  auto context = client_context((*maker)->ca_pem());
  auto serial = [&] {
    Client client(server.ports()[0]);
    REQUIRE(client.tls(context.get(), nullptr, "given.example"));
    return served_serial(client);
  };
  std::string first = serial();
  CHECK(*(*certificates)->refresh() == false);
  write_text(cert, "not a certificate\n");
  CHECK_FALSE((*certificates)->refresh());
  CHECK(serial() == first);
  REQUIRE((*maker)->set_names({"given.example", "127.0.0.1", "second.example"}));
  write_text(cert, read_text(make.dir + "/server.crt") + (*maker)->ca_pem());
  CHECK_FALSE((*certificates)->refresh());  // the key does not fit yet
  CHECK(serial() == first);
  write_text(key, read_text(make.dir + "/server.key"));
  CHECK(*(*certificates)->refresh() == true);
  CHECK(serial() != first);
  options.key_file = dir.path() + "/missing.key";
  CHECK(Certificates::open(options, env).error().message().find("missing.key") !=
        std::string::npos);
}
