// What clients are told of a certificate, and what is refused of one.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <catch2/catch_test_macros.hpp>

#include "engine/norman/certificate_info.h"
#include "engine/norman/ip_address.h"
#include "engine/norman/types/secret_form.h"

using namespace engine;

namespace {

struct Pair {
  std::string certificate, key;
};

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string out(data, static_cast<size_t>(size));
  BIO_free(bio);
  return out;
}

Pair make_pair(EVP_PKEY* key, long serial) {
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), "20260102030405Z");
  ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "20360102030405Z");
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("site.test"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                              "IP:10.0.0.7,DNS:site.test,DNS:www.site.test,IP:::1");
  X509_add_ext(certificate, names, -1);
  X509_EXTENSION_free(names);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  BIO *first = BIO_new(BIO_s_mem()), *second = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(first, certificate);
  PEM_write_bio_PrivateKey(second, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {text_of(first), text_of(second)};
}

std::string refusal(const Result<CertificateInfo>& result) {
  if (result) return "taken";
  return result.error().reason() + " " + result.error().causes()[0].field;
}

}  // namespace

TEST_CASE("a certificate says what it is, the one of its key among others") {
  const Pair rsa = make_pair(EVP_RSA_gen(2048), 258), ec = make_pair(EVP_EC_gen("P-256"), 7);
  auto info = MUST(certificate_info(ec.certificate + rsa.certificate, rsa.key));
  CHECK(info.algorithm == "RSA");
  CHECK(info.common_name == "site.test");
  CHECK(info.issuer == "site.test");
  CHECK(info.key_bytes == 256);
  CHECK(info.serial == "258");
  CHECK(info.version == 3);
  CHECK(info.issued_at == "2026-01-02T03:04:05Z");
  CHECK(info.expires_at == "2036-01-02T03:04:05Z");
  CHECK(info.names == std::vector<std::string>{"site.test", "www.site.test", "10.0.0.7", "::1"});
  CHECK(info.fingerprint.size() == 59);
  CHECK(info.fingerprint.find_first_not_of("0123456789ABCDEF:") == std::string::npos);
  CHECK(MUST(certificate_info(ec.certificate, ec.key)).algorithm == "ECDSA");
}

TEST_CASE("what is no certificate or no key is refused with its field, and no key is told") {
  const Pair one = make_pair(EVP_EC_gen("P-256"), 1), other = make_pair(EVP_EC_gen("P-256"), 2);
  CHECK(refusal(certificate_info("nonsense", one.key)) == "InvalidBodyContent certs");
  CHECK(refusal(certificate_info(one.certificate, "nonsense")) == "InvalidBodyContent key");
  CHECK(refusal(certificate_info(one.certificate, one.certificate)) == "InvalidBodyContent key");
  CHECK(refusal(certificate_info(one.certificate, other.key)) == "InvalidBodyContent certs");
  std::string cut = one.certificate;
  cut.erase(100, 40);
  CHECK(refusal(certificate_info(cut, one.key)) == "InvalidBodyContent certs");
  CHECK(refusal(certificate_info(one.certificate + cut, other.key)) == "InvalidBodyContent certs");
}

TEST_CASE("a secret's form checks what is stored, and shows what is in it") {
  const Pair one = make_pair(EVP_EC_gen("P-256"), 1);
  const SecretForm& form = secret_forms().front();
  Json stored = Json::object({{"certs", one.certificate}});
  auto half = form.to_store(stored);
  REQUIRE_FALSE(half);
  CHECK(half.error().is("MissingRequired"));
  CHECK(half.error().causes()[0].field == "key");
  stored.set("key", one.key);
  REQUIRE(form.to_store(stored));
  CHECK(stored.str("type") == "kubernetes.io/tls");
  CHECK(stored.find("key") == nullptr);
  Json shown = stored;
  form.show(shown);
  CHECK(shown.str("certs") == one.certificate);
  CHECK(shown.str("serialNumber") == "1");
  CHECK(shown.str("keySize") == "32");
  CHECK(shown.find("data") == nullptr);
  CHECK(form.holds(stored));
  // What somebody else has put there is shown as it is, without what cannot be read.
  stored.make({"data"}).set("tls.crt", "bm8=");
  form.show(stored);
  CHECK(stored.str("certs") == "no");
  CHECK(stored.find("serialNumber") == nullptr);
}

TEST_CASE("addresses are read in every form and written in one") {
  auto form = [](std::string_view text) {
    auto address = IpAddress::parse(text);
    return address ? address->text() : std::string("none");
  };
  CHECK(form("10.1.2.3") == "10.1.2.3");
  CHECK(form("2001:DB8:0:0:1:0:0:1") == "2001:db8::1:0:0:1");
  CHECK(form("::ffff:10.0.0.1") == "::ffff:a00:1");
  CHECK(form("::") == "::");
  CHECK(form("1::") == "1::");
  CHECK(form("1:2:3:4:5:6:7:8") == "1:2:3:4:5:6:7:8");
  for (auto bad : {"", "10.1.2", "10.1.2.3.4", "010.1.2.3", "256.1.1.1", "10.1.2.3 ", "1:2",
                   ":::", "1:2:3:4:5:6:7:8:9", "g::", "1::2::3", "12345::", "1:", ":1", "a.b.c.d"})
    CHECK(form(bad) == "none");
  CHECK(IpAddress::parse("127.9.9.9")->loopback());
  CHECK(IpAddress::parse("::1")->loopback());
  CHECK(IpAddress::parse("169.254.1.1")->link_local());
  CHECK(IpAddress::parse("fe80::1")->link_local());
  CHECK(IpAddress::parse("0.0.0.0")->unspecified());
  CHECK_FALSE(IpAddress::parse("10.0.0.1")->link_local());
}
