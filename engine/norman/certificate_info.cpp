#include "engine/norman/certificate_info.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <memory>

#include "engine/norman/ip_address.h"

namespace engine {
namespace {

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* thing) const {
    Free(thing);
  }
};
using Bio = std::unique_ptr<BIO, Freeing<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using Number = std::unique_ptr<BIGNUM, Freeing<BN_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freeing<GENERAL_NAMES_free>>;

Status refuse(const char* field, const char* why) {
  ERR_clear_error();
  return Status::field_error(422, "InvalidBodyContent", field, why);
}

Bio bio_of(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// A key that asks for a password is none that a cluster could use.
int no_password(char*, int, int, void*) {
  return 0;
}

std::string common_name(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, text);
  if (size < 0) return {};
  std::string out(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
  OPENSSL_free(utf8);
  return out;
}

std::string rfc3339(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return text.data();
}

std::string fingerprint(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  if (X509_digest(&certificate, EVP_sha1(), hash.data(), &size) != 1) return {};
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (unsigned int i = 0; i < size; i++) {
    if (i > 0) out += ':';
    out += kHex[hash[i] >> 4];
    out += kHex[hash[i] & 15];
  }
  return out;
}

std::string decimal(const ASN1_INTEGER* serial) {
  Number number(ASN1_INTEGER_to_BN(serial, nullptr));
  char* text = number ? BN_bn2dec(number.get()) : nullptr;
  std::string out = text ? text : "";
  OPENSSL_free(text);
  return out;
}

std::string address_of(const ASN1_OCTET_STRING& octets) {
  const auto size = static_cast<size_t>(ASN1_STRING_length(&octets));
  IpAddress out;
  out.v4 = size == 4;
  if (size != 4 && size != out.bytes.size()) return {};
  std::copy_n(ASN1_STRING_get0_data(&octets), size, out.bytes.begin());
  return out.text();
}

std::vector<std::string> names_of(const X509& certificate) {
  std::vector<std::string> out, addresses;
  Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); i++) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS)
      out.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                       static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
    if (name->type == GEN_IPADD) addresses.push_back(address_of(*name->d.iPAddress));
  }
  out.insert(out.end(), addresses.begin(), addresses.end());
  return out;
}

const char* algorithm_of(const EVP_PKEY& key) {
  switch (EVP_PKEY_get_base_id(&key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      return "RSA";
    case EVP_PKEY_EC:
      return "ECDSA";
    case EVP_PKEY_ED25519:
      return "Ed25519";
    default:
      return "";
  }
}

CertificateInfo read(const X509& certificate, const EVP_PKEY& key) {
  CertificateInfo out;
  out.algorithm = algorithm_of(key);
  out.common_name = common_name(X509_get_subject_name(&certificate));
  out.fingerprint = fingerprint(certificate);
  out.issued_at = rfc3339(X509_get0_notBefore(&certificate));
  out.expires_at = rfc3339(X509_get0_notAfter(&certificate));
  out.issuer = common_name(X509_get_issuer_name(&certificate));
  out.serial = decimal(X509_get0_serialNumber(&certificate));
  out.key_bytes = (static_cast<size_t>(EVP_PKEY_get_bits(&key)) + 7) / 8;
  out.version = X509_get_version(&certificate) + 1;
  out.names = names_of(certificate);
  return out;
}

}  // namespace

Result<CertificateInfo> certificate_info(std::string_view certs, std::string_view key) {
  Bio key_text = bio_of(key), text = bio_of(certs);
  Key secret(PEM_read_bio_PrivateKey(key_text.get(), nullptr, no_password, nullptr));
  if (!secret) return refuse("key", "this is no private key in PEM that can be read");
  bool any = false;
  while (Certificate one{PEM_read_bio_X509(text.get(), nullptr, no_password, nullptr)}) {
    any = true;
    const EVP_PKEY* its = X509_get0_pubkey(one.get());
    if (its == nullptr || EVP_PKEY_eq(its, secret.get()) != 1) continue;
    ERR_clear_error();
    return read(*one, *its);
  }
  // PEM's end is an error too; another is a block that cannot be read.
  const bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!any || !ended) return refuse("certs", "this is no chain of certificates in PEM");
  return refuse("certs", "no certificate of the chain is the key's");
}

void show_certificate(const CertificateInfo& info, Json& object) {
  object.set("algorithm", info.algorithm);
  object.set("cn", info.common_name);
  object.set("certFingerprint", info.fingerprint);
  object.set("issuedAt", info.issued_at);
  object.set("expiresAt", info.expires_at);
  object.set("issuer", info.issuer);
  object.set("serialNumber", info.serial);
  object.set("keySize", std::to_string(info.key_bytes));
  object.set("version", std::to_string(info.version));
  JsonArray names(info.names.begin(), info.names.end());
  object.set("subjectAlternativeNames", std::move(names));
}

}  // namespace engine
