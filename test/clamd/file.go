package clamd

import (
	"archive/zip"
	"bytes"
	"testing"
)

// EICAR is the file that all scanners report although it does nothing. It is put together here, so that a developer's own
// scanner leaves this one alone.
func EICAR() []byte {
	return []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD` + "-ANTIVIRUS-TEST-" + `FILE!$H+H*`)
}

// ZipOf is a zip file with one file in it.
func ZipOf(t testing.TB, name string, content []byte) []byte {
	t.Helper()
	return zipOf(t, &zip.FileHeader{Name: name, Method: zip.Deflate}, content)
}

// Nested is a file in as many zip files, one in the other.
func Nested(t testing.TB, depth int, content []byte) []byte {
	t.Helper()
	for range depth {
		content = ZipOf(t, "inner", content)
	}
	return content
}

// EncryptedZip is a zip file that says that the file in it is encrypted.
func EncryptedZip(t testing.TB) []byte {
	t.Helper()
	content := []byte("twelve bytes of a header, and then what nobody can read")
	return zipOf(t, &zip.FileHeader{Name: "secret", Flags: 1}, content)
}

func zipOf(t testing.TB, header *zip.FileHeader, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	file, err := w.CreateHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
