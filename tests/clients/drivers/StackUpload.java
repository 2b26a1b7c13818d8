import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import org.apache.http.client.methods.HttpPost;
import org.apache.http.entity.ContentType;
import org.apache.http.entity.mime.MultipartEntityBuilder;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.util.EntityUtils;

/** The calls that halirutan's palette for Mathematica makes through Apache's libraries: to a Stack Exchange site. */
public class StackUpload {
    public static void main(String[] words) throws IOException {
        HttpPost post = new HttpPost("http://stackoverflow.com/upload/image");
        post.setEntity(
                MultipartEntityBuilder.create()
                        .addTextBody("source", "computer")
                        .addBinaryBody("filename", new FileInputStream(new File(words[0])), ContentType.create("image/png"), "mma.png")
                        .build());
        try (CloseableHttpClient client = HttpClients.createSystem()) {
            System.out.println(EntityUtils.toString(client.execute(post).getEntity()));
        }
    }
}
