// What jemalloc is told by a program that is linked with it.

extern "C" {

// The matrices of a list, of 40 to 100 kilobytes, stay with the thread as
// pieces of up to 32 do anyway.
extern const char* const malloc_conf;
const char* const malloc_conf = "lg_tcache_max:18";

}  // extern "C"
