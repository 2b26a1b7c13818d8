import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;

/** Java's own connection, as answers of 2013 on uploads to the third API have it: a form of base64. */
public class UrlConnection {
    public static void main(String[] words) throws IOException {
        String picture = Base64.getEncoder().encodeToString(Files.readAllBytes(Path.of(words[0])));
        String form = URLEncoder.encode("image", "UTF-8") + "=" + URLEncoder.encode(picture, "UTF-8");
        HttpURLConnection to = (HttpURLConnection) URI.create("https://api.imgur.com/3/image").toURL().openConnection();
        to.setDoOutput(true);
        to.setRequestMethod("POST");
        to.setRequestProperty("Authorization", "Client-ID 0123456789abcde");
        to.setRequestProperty("Content-Type", "application/x-www-form-urlencoded");
        to.getOutputStream().write(form.getBytes(StandardCharsets.UTF_8));
        System.out.println(new String(to.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }
}
