#!/bin/sh
# A Java program that trusts the test authority: java_with_tls.sh CLASSPATH SOURCE PICTURE.
set -eu
keytool -importcert -noprompt -alias test -file "$SSL_CERT_FILE" -keystore "$HOME/trusted" -storepass changeit 2>"$HOME/log" ||
    { cat "$HOME/log" >&2; exit 1; }
java -Djavax.net.ssl.trustStore="$HOME/trusted" -Djavax.net.ssl.trustStorePassword=changeit -cp "$1" "$2" "$3"
