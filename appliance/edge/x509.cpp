#include "appliance/edge/x509.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>

namespace appliance::x509 {
namespace {

using engine::Status;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

std::string content(BIO* bio) {
  char* data = nullptr;
  long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<size_t>(size));
}

std::time_t seconds(storage::WallTime at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

bool add_extension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  if (!extension) return false;
  bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

// Built from parts and not from a text, so that a name cannot smuggle another in.
bool add_names(X509* certificate, const std::vector<std::string>& names) {
  GENERAL_NAMES* list = sk_GENERAL_NAME_new_null();
  for (const auto& name : names) {
    GENERAL_NAME* entry = GENERAL_NAME_new();
    if (ASN1_OCTET_STRING* address = a2i_IPADDRESS(name.c_str())) {
      GENERAL_NAME_set0_value(entry, GEN_IPADD, address);
    } else {
      ASN1_IA5STRING* text = ASN1_IA5STRING_new();
      ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
      GENERAL_NAME_set0_value(entry, GEN_DNS, text);
    }
    sk_GENERAL_NAME_push(list, entry);
  }
  ERR_clear_error();
  bool added = X509_add1_ext_i2d(certificate, NID_subject_alt_name, list, 0, 0) == 1;
  GENERAL_NAMES_free(list);
  return added;
}

bool set_subject(X509* certificate, const Subject& subject) {
  X509_NAME* name = X509_get_subject_name(certificate);
  auto add = [&](const char* field, const std::string& value) {
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(value.data()),
                                      static_cast<int>(value.size()), -1, 0) == 1;
  };
  for (const auto& organization : subject.organizations)
    if (!add("O", organization)) return false;
  return add("CN", subject.common_name);
}

bool add_use(X509* certificate, X509* issuer, const Request& request) {
  if (request.use == Use::ca) {
    return add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE") &&
           add_extension(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign") &&
           add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  }
  const char* extended = request.use == Use::server ? "serverAuth" : "clientAuth";
  return add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, issuer, NID_ext_key_usage, extended) &&
         add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
         add_extension(certificate, issuer, NID_authority_key_identifier, "keyid");
}

storage::WallTime wall_of(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return storage::WallTime(std::chrono::seconds(timegm(&parts)));
}

}  // namespace

std::string last_error() {
  char text[256] = "unknown";
  if (unsigned long code = ERR_peek_last_error()) ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

engine::Result<Key> make_key() {
  Key key(EVP_EC_gen("P-256"));
  if (!key) return Status::internal("cannot make a key: " + last_error());
  return key;
}

engine::Result<Certificate> make_certificate(const Request& request, EVP_PKEY& key, X509* issuer,
                                             EVP_PKEY* issuer_key) {
  Certificate made(X509_new());
  X509* certificate = made.get();
  BIGNUM* serial = BN_new();
  bool good = certificate && X509_set_version(certificate, 2) == 1 &&
              BN_rand(serial, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
              BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(serial);
  good = good && ASN1_TIME_set(X509_getm_notBefore(certificate), seconds(request.not_before)) &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), seconds(request.not_after)) &&
         X509_set_pubkey(certificate, &key) == 1 && set_subject(certificate, request.subject);
  X509* signer = issuer ? issuer : certificate;
  good = good && X509_set_issuer_name(certificate, X509_get_subject_name(signer)) == 1 &&
         add_use(certificate, signer, request) &&
         (request.names.empty() || add_names(certificate, request.names)) &&
         X509_sign(certificate, issuer_key ? issuer_key : &key, EVP_sha256()) > 0;
  if (!good)
    return Status::internal("cannot make the certificate of " + request.subject.common_name + ": " +
                            last_error());
  return made;
}

std::string to_pem(X509& certificate) {
  Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), &certificate);
  return content(bio.get());
}

std::string to_pem(EVP_PKEY& key) {
  Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr);
  return content(bio.get());
}

engine::Result<std::vector<Certificate>> certificates_from_pem(const std::string& pem,
                                                               const std::string& what) {
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<Certificate> out;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
    out.emplace_back(certificate);
  bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  std::string error = last_error();
  if (!at_end) return Status::bad_request(what + " is not a list of certificates in PEM: " + error);
  if (out.empty()) return Status::bad_request(what + " has no certificate in PEM");
  return out;
}

engine::Result<Key> key_from_pem(const std::string& pem, const std::string& what) {
  Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  // No password callback may ask a terminal: an encrypted key is an error.
  auto no_password = [](char*, int, int, void*) { return -1; };
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!key)
    return Status::bad_request(what +
                               " has no private key in PEM that can be read: " + last_error());
  return key;
}

storage::WallTime not_before(const X509& certificate) {
  return wall_of(X509_get0_notBefore(&certificate));
}
storage::WallTime not_after(const X509& certificate) {
  return wall_of(X509_get0_notAfter(&certificate));
}

bool covers(X509& certificate, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    ASN1_OCTET_STRING* address = a2i_IPADDRESS(name.c_str());
    ERR_clear_error();
    int found = address ? X509_check_ip_asc(&certificate, name.c_str(), 0)
                        : X509_check_host(&certificate, name.data(), name.size(),
                                          X509_CHECK_FLAG_NO_WILDCARDS, nullptr);
    ASN1_OCTET_STRING_free(address);
    if (found != 1) return false;
  }
  return true;
}

std::string sha256_hex(const std::string& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 15];
  }
  return out;
}

}  // namespace appliance::x509
