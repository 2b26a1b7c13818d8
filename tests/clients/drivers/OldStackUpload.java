import java.io.File;
import java.io.IOException;
import org.apache.commons.httpclient.HttpClient;
import org.apache.commons.httpclient.methods.PostMethod;
import org.apache.commons.httpclient.methods.multipart.FilePart;
import org.apache.commons.httpclient.methods.multipart.MultipartRequestEntity;
import org.apache.commons.httpclient.methods.multipart.Part;

/** The calls that szhorvat's palette of 2012 makes through commons-httpclient: the file's part is called name. */
public class OldStackUpload {
    public static void main(String[] words) throws IOException {
        PostMethod post = new PostMethod("http://stackoverflow.com/upload/image");
        Part[] parts = {new FilePart("name", "mmagraphics.png", new File(words[0]), "image/png", null)};
        post.setRequestEntity(new MultipartRequestEntity(parts, post.getParams()));
        int status = new HttpClient().executeMethod(post);
        if (status != 200) {
            throw new IOException("status " + status);
        }
        System.out.println(post.getResponseBodyAsString());
    }
}
