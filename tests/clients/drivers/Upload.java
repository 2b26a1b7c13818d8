import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import org.apache.http.client.methods.HttpPost;
import org.apache.http.entity.ContentType;
import org.apache.http.entity.mime.HttpMultipartMode;
import org.apache.http.entity.mime.MultipartEntity;
import org.apache.http.entity.mime.content.InputStreamBody;
import org.apache.http.entity.mime.content.StringBody;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.util.EntityUtils;

/** Apache HttpClient and HttpMime: a stream as a part, with a file name or, as one of its users had it, without. */
public class Upload {
    public static void main(String[] words) throws IOException {
        String name = words[0].equals("unnamed") ? null : "picture.png";
        MultipartEntity entity = new MultipartEntity(HttpMultipartMode.BROWSER_COMPATIBLE);
        entity.addPart("key", new StringBody(words[2]));
        entity.addPart("image", new InputStreamBody(new FileInputStream(new File(words[1])), name));
        HttpPost post = new HttpPost("http://imgur.com/api/upload.xml");
        post.setEntity(entity);
        try (CloseableHttpClient client = HttpClients.createDefault()) {
            System.out.println(EntityUtils.toString(client.execute(post).getEntity()));
        }
    }
}
