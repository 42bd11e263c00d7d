// Keys and certificates made by OpenSSL for one test.
#ifndef USHER_TESTS_TESTING_CERTIFICATES_H_
#define USHER_TESTS_TESTING_CERTIFICATES_H_

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace usher {

// A certificate and its key, PEM.
struct Identity {
  std::string cert;
  std::string key;
};

// Signs what it is asked to.
class Authority {
 public:
  Authority() : key_(EVP_EC_gen("P-256")), cert_(X509_new()) {
    Fill("test authority", cert_, key_);
    AddExtension(NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(cert_, key_, EVP_sha256());
  }
  ~Authority() {
    X509_free(cert_);
    EVP_PKEY_free(key_);
  }
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  std::string cert() const { return Pem(cert_); }

  // For "localhost" and 127.0.0.1; good for a day.
  Identity Issue(const std::string& name) const {
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const cert = X509_new();
    Fill(name, cert, key);
    X509_set_issuer_name(cert, X509_get_subject_name(cert_));
    X509_EXTENSION* const names = X509V3_EXT_conf_nid(
        nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    X509_add_ext(cert, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(cert, key_, EVP_sha256());
    Identity identity = {Pem(cert), Pem(key)};
    X509_free(cert);
    EVP_PKEY_free(key);
    return identity;
  }

 private:
  static void Fill(const std::string& name, X509* cert, EVP_PKEY* key) {
    static int64_t serial = 0;
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set_int64(X509_get_serialNumber(cert), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 24 * 3600);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
  }
  void AddExtension(int nid, const char* value) {
    X509_EXTENSION* const extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    X509_add_ext(cert_, extension, -1);
    X509_EXTENSION_free(extension);
  }
  static std::string Pem(X509* cert) {
    return Written([&](BIO* out) { PEM_write_bio_X509(out, cert); });
  }
  static std::string Pem(EVP_PKEY* key) {
    return Written([&](BIO* out) {
      PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  template <class Write>
  static std::string Written(Write write) {
    BIO* const out = BIO_new(BIO_s_mem());
    write(out);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out, &bytes);
    std::string text(bytes, static_cast<size_t>(size));
    BIO_free(out);
    return text;
  }

  EVP_PKEY* const key_;
  X509* const cert_;
};

}  // namespace usher

#endif  // USHER_TESTS_TESTING_CERTIFICATES_H_
